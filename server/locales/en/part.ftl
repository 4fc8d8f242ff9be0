part-sentences = { $before } { $next }
part-act = Act
part-search = Search
part-edit = Edit
part-save = Save
part-leave = Leave as it was
part-close = Close
part-step = Step { $step } of { $all }
