part-sentences = { $before } { $next }
part-act = Handlung
part-search = Suchen
part-edit = Bearbeiten
part-save = Speichern
part-leave = So lassen, wie es war
part-close = Schließen
part-step = Schritt { $step } von { $all }
