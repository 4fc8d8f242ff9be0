part-sentences = { $before } { $next }
part-act = Act
part-search = Search
part-edit = Edit
part-save = Save
part-leave = Leave as it was
part-close = Close
part-step = Step { $step } of { $all }
part-filter-set = { $name }: { $value }
part-filter-without = Without:
part-filter-all = Show all
part-pick-all = Tick every row
part-pick = Tick { $who }
part-picked-none = Tick rows to act on them.
part-picked = # ticked
part-mend =
    { $count ->
        [one] One answer is to be mended
       *[other] { $count } answers are to be mended
    }
part-found = # found
part-found-none = Nothing found
part-steps = Steps
part-progress = # of # done
part-stopped = Stopped: # of # done
part-progress-label = Progress
part-stop = Stop
part-results = { $done } of { $all } done
part-undo = Undo
part-once = It is shown this once and kept only as a hash. Copy it now.
part-copy = Copy
part-danger = Danger zone
part-up = Move up
part-up-of = Move up { $name }
part-down = Move down
part-down-of = Move down { $name }
