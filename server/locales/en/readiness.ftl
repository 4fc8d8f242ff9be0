readiness-title = Device recovery
readiness-linked = Linked
readiness-last-pin = Last PIN:
readiness-for = for { $who }
readiness-made = made { $when }
readiness-view-pin = View recovery PIN
readiness-challenge = With the caller's nine digits
readiness-impossible = Not possible
readiness-ready = Ready
readiness-not-linked = Not linked
readiness-new-claimed = New, and only the computer says so
readiness-claimed = Only the computer says so
readiness-new-proved = New, proved with a factor
readiness-proved = Proved with a factor
readiness-offline = { $computer } was last online on { $since } ({ $days } days ago).
readiness-offline-challenge = { $computer } was last online on { $since } ({ $days } days ago), too long for a PIN that goes by the time.
readiness-only-challenge = { $computer } takes only PINs that answer the digits on its screen.
readiness-lasting-hours =
    { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
readiness-lasting-minutes =
    { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
readiness-sentence = { $words }.
