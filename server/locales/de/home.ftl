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
