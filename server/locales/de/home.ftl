home-title = Start
home-nothing = Nichts braucht Aufmerksamkeit. Jemand am Telefon? Suchen Sie oben nach dem Computer.
home-matters =
    { $count ->
        [one] Eine Sache braucht Aufmerksamkeit.
       *[other] { $count } Sachen brauchen Aufmerksamkeit, die dringendste zuerst.
    }
home-attention = Was Aufmerksamkeit braucht
home-numbers = Zahlen
home-recent = Neueste Einträge
home-whole-record = Das ganze Protokoll
home-alarm-next = { $about }, { $when }. Rufen Sie die Person unter einer Nummer an, die nicht neu ist.
home-alarm-see = Ansehen, was geschah
home-pins-off = Wiederherstellungs-PINs sind ausgeschaltet
home-pins-off-next = Wer seinen Faktor verliert, kann in keinen Computer gelassen werden, bis sie eingeschaltet sind.
home-pins-off-act = Einschalten
home-silent =
    { $count ->
        [one] Ein Computer hat sich seit über { $days } Tagen nicht gemeldet
       *[other] { $count } Computer haben sich seit über { $days } Tagen nicht gemeldet
    }
home-silent-next =
    { $count ->
        [one] Um seine Personen einzulassen, braucht der Helpdesk die neun Ziffern auf dem Bildschirm.
       *[other] Um ihre Personen einzulassen, braucht der Helpdesk die neun Ziffern auf dem Bildschirm.
    }
home-silent-act = Computer ansehen
home-tally-computers = aktive Computer
home-tally-people = Personen
home-tally-pins = Wiederherstellungs-PINs in 7 Tagen
home-undelivered =
    { $count ->
        [one] Eine Nachricht konnte nicht zugestellt werden
       *[other] { $count } Nachrichten konnten nicht zugestellt werden
    }
home-undelivered-next = Menschen haben nicht erfahren, was sie sollten. Prüfen Sie den Mailserver in postern.toml; neue Nachrichten werden von selbst wieder gesendet.
home-undelivered-act = Protokoll ansehen
home-tokens =
    { $count ->
        [one] Ein API-Token läuft in 7 Tagen ab
       *[other] { $count } API-Token laufen in 7 Tagen ab
    }
home-tokens-next = { $names }. Ein benutztes Token wird von selbst verlängert; diese wurden seit Wochen nicht benutzt.
home-tokens-act = Token ansehen
home-certificates =
    { $count ->
        [one] Das Zertifikat eines Computers läuft in 14 Tagen ab
       *[other] Die Zertifikate von { $count } Computern laufen in 14 Tagen ab
    }
home-certificates-next = Sie erneuern es von selbst, wenn sie in Kontakt sind. Verbinden Sie die Computer mit dem Netz.
home-locked = { $person } ist ausgesperrt
home-locked-until = Zu viele Fehlversuche; bis { $until } werden auch richtige Antworten abgelehnt. Vergewissern Sie sich, wer es ist, bevor Sie entsperren.
home-locked-for-good = Zu viele Fehlversuche; auch richtige Antworten werden abgelehnt, bis jemand entsperrt. Vergewissern Sie sich zuerst, wer es ist.
home-locked-act = { $person } entsperren
home-idle-behind = Die Richtlinie { $name } antwortet nie: { $behind } kommt zuerst
home-idle-rule = Die Regel { $name } von { $policy } antwortet nie: { $behind } kommt zuerst
home-idle-no-rule = Die Richtlinie { $name } antwortet nie: Sie hat keine aktive Regel
home-idle-nobody = Die Richtlinie { $name } gilt für Gruppen, in denen niemand ist
home-idle-next = Was sie sagt, gilt für niemanden. Stellen Sie sie nach oben, ändern Sie sie oder schalten Sie sie aus.
home-idle-act = Zur Richtlinie
home-password = Ihr Passwort läuft ab: { $when }
home-password-next = Von da an müssen Sie bei der Anmeldung ein anderes wählen. Tun Sie es jetzt: Ein Link kommt per E-Mail.
home-password-act = Anderes Passwort wählen
