time-never = Nie
time-exact = { $day }. { $month } { $year }, { $clock } { $zone }
time-just-now = gerade eben
time-in-a-moment = gleich
time-minutes-ago =
    { $count ->
        [one] vor 1 Minute
       *[other] vor { $count } Minuten
    }
time-in-minutes =
    { $count ->
        [one] in 1 Minute
       *[other] in { $count } Minuten
    }
time-hours-ago =
    { $count ->
        [one] vor 1 Stunde
       *[other] vor { $count } Stunden
    }
time-in-hours =
    { $count ->
        [one] in 1 Stunde
       *[other] in { $count } Stunden
    }
time-days-ago =
    { $count ->
        [one] vor 1 Tag
       *[other] vor { $count } Tagen
    }
time-in-days =
    { $count ->
        [one] in 1 Tag
       *[other] in { $count } Tagen
    }
time-months-ago =
    { $count ->
        [one] vor 1 Monat
       *[other] vor { $count } Monaten
    }
time-in-months =
    { $count ->
        [one] in 1 Monat
       *[other] in { $count } Monaten
    }
time-years-ago =
    { $count ->
        [one] vor 1 Jahr
       *[other] vor { $count } Jahren
    }
time-in-years =
    { $count ->
        [one] in 1 Jahr
       *[other] in { $count } Jahren
    }
time-month-1 = Jan.
time-month-2 = Feb.
time-month-3 = März
time-month-4 = Apr.
time-month-5 = Mai
time-month-6 = Juni
time-month-7 = Juli
time-month-8 = Aug.
time-month-9 = Sep.
time-month-10 = Okt.
time-month-11 = Nov.
time-month-12 = Dez.
