part-sentences = { $before } { $next }
part-act = Handlung
part-search = Suchen
part-edit = Bearbeiten
part-save = Speichern
part-leave = So lassen, wie es war
part-close = Schließen
part-step = Schritt { $step } von { $all }
part-filter-set = { $name }: { $value }
part-filter-without = Ohne:
part-filter-all = Alle zeigen
part-pick-all = Alle Zeilen ankreuzen
part-pick = { $who } ankreuzen
part-picked-none = Kreuzen Sie Zeilen an, um etwas mit ihnen zu tun.
part-picked = # angekreuzt
part-mend =
    { $count ->
        [one] Eine Angabe ist zu berichtigen
       *[other] { $count } Angaben sind zu berichtigen
    }
part-found = # gefunden
part-found-none = Nichts gefunden
part-steps = Schritte
part-progress = # von # erledigt
part-stopped = Angehalten: # von # erledigt
part-progress-label = Fortschritt
part-stop = Anhalten
part-results = { $done } von { $all } erledigt
part-undo = Rückgängig machen
part-once = Es wird nur dieses Mal gezeigt und nur als Hash aufbewahrt. Kopieren Sie es jetzt.
part-copy = Kopieren
part-danger = Gefährliche Handlungen
part-up = Nach oben
part-up-of = Nach oben: { $name }
part-down = Nach unten
part-down-of = Nach unten: { $name }
