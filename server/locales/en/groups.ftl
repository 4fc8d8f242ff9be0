groups-title = Groups
groups-lead = Sets of people. They are made and filled by the API.
groups-group = Group
groups-for = For
groups-people = People
