time-never = Never
time-exact = { $day } { $month } { $year }, { $clock } { $zone }
time-just-now = just now
time-in-a-moment = in a moment
time-minutes-ago =
    { $count ->
        [one] 1 minute ago
       *[other] { $count } minutes ago
    }
time-in-minutes =
    { $count ->
        [one] in 1 minute
       *[other] in { $count } minutes
    }
time-hours-ago =
    { $count ->
        [one] 1 hour ago
       *[other] { $count } hours ago
    }
time-in-hours =
    { $count ->
        [one] in 1 hour
       *[other] in { $count } hours
    }
time-days-ago =
    { $count ->
        [one] 1 day ago
       *[other] { $count } days ago
    }
time-in-days =
    { $count ->
        [one] in 1 day
       *[other] in { $count } days
    }
time-months-ago =
    { $count ->
        [one] 1 month ago
       *[other] { $count } months ago
    }
time-in-months =
    { $count ->
        [one] in 1 month
       *[other] in { $count } months
    }
time-years-ago =
    { $count ->
        [one] 1 year ago
       *[other] { $count } years ago
    }
time-in-years =
    { $count ->
        [one] in 1 year
       *[other] in { $count } years
    }
time-month-1 = Jan
time-month-2 = Feb
time-month-3 = Mar
time-month-4 = Apr
time-month-5 = May
time-month-6 = Jun
time-month-7 = Jul
time-month-8 = Aug
time-month-9 = Sep
time-month-10 = Oct
time-month-11 = Nov
time-month-12 = Dec
