groups-title = Gruppen
groups-lead = Mengen von Personen. Sie werden über die API angelegt und gefüllt.
groups-group = Gruppe
groups-for = Zweck
groups-people = Personen
