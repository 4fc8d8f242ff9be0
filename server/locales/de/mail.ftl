mail-hello = Guten Tag { $name },
mail-issued-subject = Für Sie wurde eine Wiederherstellungs-PIN ausgestellt
mail-issued =
    für Sie und den Computer { $computer } wurde eine Wiederherstellungs-PIN ausgestellt. Mit ihr kommen Sie für eine Weile hinein.

    Wenn Sie darum gebeten haben, ist nichts zu tun.

    Wenn Sie es nicht waren, öffnen Sie diesen Link; die PIN wird dann zurückgenommen, und Ihre Administratoren erfahren davon:
    { $link }
mail-used-subject = In Ihrem Namen wurde eine Wiederherstellungs-PIN benutzt
mail-used =
    der Computer { $computer } wurde in Ihrem Namen mit einer Wiederherstellungs-PIN geöffnet.

    Wenn Sie es waren, ist nichts zu tun.

    Wenn Sie es nicht waren, öffnen Sie diesen Link; die PIN wird dann zurückgenommen, und Ihre Administratoren erfahren davon:
    { $link }
mail-linked-subject = Ein Computer wurde mit Ihrem Konto verknüpft
mail-linked =
    der Computer { $computer } ist jetzt mit Ihrem Konto bei { $address } verknüpft: Der Helpdesk kann dort Wiederherstellungs-PINs für Sie ausstellen. { $how }

    Wenn das nicht Ihr Computer ist, sagen Sie es sofort Ihrem Administrator.
mail-linked-claimed = Der Computer gibt an, dass Sie ihn benutzen; ein zweiter Faktor wurde nicht vorgezeigt.
mail-linked-factor = Ihr zweiter Faktor wurde dort vorgezeigt.
mail-factors-subject = Womit Sie sich anmelden, hat sich geändert
mail-factors =
    womit Sie sich anmelden, hat sich geändert. { $what }

    Wenn Sie das nicht waren, sagen Sie es sofort Ihrem Administrator.
mail-factor-added = Mit dem Passkey „{ $name }“ kann man sich jetzt als Sie anmelden.
mail-factor-removed = Hiermit kann man sich nicht mehr als Sie anmelden: { $factor }.
mail-factor-enrolled = Hiermit kann man sich jetzt als Sie anmelden: { $factor }.
mail-backup-codes-made = Für Sie wurden neue Ersatzcodes ausgestellt; die früheren gelten nicht mehr.
mail-backup-codes-void = Ihre Ersatzcodes gelten nicht mehr.
mail-code-subject = Ihr Code bei { $org }
mail-code =
    Ihr Code bei { $org }:

    { $code }

    Er gilt einmal, { $minutes ->
        [one] eine Minute
       *[other] { $minutes } Minuten
    } lang. Geben Sie ihn niemandem: Niemand von { $org } wird Sie danach fragen.

    Wenn Sie keinen Code verlangt haben, kennt vielleicht jemand Ihr Passwort: Sagen Sie es Ihrem Helpdesk.
mail-reset-sms = { $code } ist Ihr Code, um ein neues Passwort bei { $org } zu wählen. Wenn Sie nicht darum gebeten haben, tun Sie nichts und sagen Sie ihn niemandem.
mail-reset-call = Hier ist { $org }. Ihr Code, um ein neues Passwort zu wählen, lautet: { $digits }. Noch einmal: { $digits }. Wenn Sie nicht darum gebeten haben, legen Sie auf und sagen Sie ihn niemandem.
mail-unlock-sms = { $code } ist Ihr Code, um Ihr Konto bei { $org } zu entsperren. Wenn Sie nicht darum gebeten haben, tun Sie nichts und sagen Sie ihn niemandem.
mail-unlock-call = Hier ist { $org }. Ihr Code, um Ihr Konto zu entsperren, lautet: { $digits }. Noch einmal: { $digits }. Wenn Sie nicht darum gebeten haben, legen Sie auf und sagen Sie ihn niemandem.
mail-code-sms = { $code } ist Ihr Bestätigungscode bei { $org }.
mail-code-call = Hier ist { $org }. Ihr Bestätigungscode ist: { $digits }. Noch einmal: { $digits }. Auf Wiederhören.
mail-alert-subject = Bitte sofort ansehen: { $what }
mail-alert =
    bitte sehen Sie sich das sofort an: { $what }.

    Computer: { $computer }
    Ereignis: { $event }

    Zum Protokoll: { $record }
mail-alert-of-a-person =
    bitte sehen Sie sich das sofort an: { $what }.

    Computer: { $computer }
    Person: { $person } ({ $login })
    Ereignis: { $event }

    Zum Protokoll: { $record }
mail-suspected =
    bitte sehen Sie sich das sofort an: { $what }.

    Person: { $person } ({ $login })
    Ereignis: { $event }

    Sie ist überall sonst abgemeldet. Rufen Sie sie an, und sehen Sie ins Protokoll: { $record }
mail-limit =
    an einer Grenze Ihrer Organisation ist etwas geschehen: { $what }.

    Grenze: { $limit }
    Ereignis: { $event }

    Zum Protokoll: { $record }

    Diese Nachricht kommt höchstens einmal in der Stunde.
mail-welcome-subject = Ihr Konto bei { $org }
mail-welcome =
    für Sie wurde ein Konto bei { $org } angelegt. Ihr Anmeldename ist { $login }.

    Öffnen Sie diesen Link und wählen Sie ein Passwort; er gilt einmal, bis { $until }:
    { $link }

    Wenn Sie das nicht erwartet haben, tun Sie nichts.
mail-reset-subject = Wählen Sie ein neues Passwort bei { $org }
mail-reset =
    öffnen Sie diesen Link, um ein neues Passwort für { $login } bei { $org } zu wählen; er gilt einmal, bis { $until }:
    { $link }

    Wenn Sie nicht darum gebeten haben, tun Sie nichts; kommt es noch einmal vor, sagen Sie es Ihrem Helpdesk. Mit dieser Nachricht allein kommt niemand hinein.
mail-unlock-subject = Entsperren Sie Ihr Konto bei { $org }
mail-unlock =
    öffnen Sie diesen Link, um das Konto { $login } bei { $org } zu entsperren; er gilt einmal, bis { $until }:
    { $link }

    Ihr Passwort bleibt, wie es ist. Wenn Sie nicht darum gebeten haben, tun Sie nichts; kommt es noch einmal vor, sagen Sie es Ihrem Helpdesk. Mit dieser Nachricht allein kommt niemand hinein.
mail-unlocked-subject = Ihr Konto wurde entsperrt
mail-unlocked = Sie haben Ihr Konto entsperrt. Ihr Passwort ist dasselbe.
mail-password-changed-subject = Ihr Passwort wurde geändert
mail-password-changed = das Passwort Ihres Kontos wurde geändert.
mail-password-set-for-subject = Ein Administrator hat Ihr Passwort gesetzt
mail-password-set-for = ein Administrator hat für Ihr Konto ein anderes Passwort gesetzt.
mail-factors-reset-subject = Ihre zweiten Faktoren wurden zurückgesetzt
mail-factors-reset = ein Administrator hat jeden zweiten Faktor von Ihrem Konto entfernt. Sie werden gebeten, einen neuen einzurichten.
mail-decided =
    { $what }

    Wenn Sie davon nichts wissen, sagen Sie es sofort Ihrem Helpdesk. Ihr Konto: { $address }
mail-account-changed-subject = Ihr Konto wurde geändert
mail-account-changed =
    an Ihrem Konto bei { $org } wurde dies geändert: { $changed }.

    Wenn Sie davon nichts wissen, sagen Sie es sofort Ihrem Helpdesk.
mail-changed-email = Ihre E-Mail-Adresse
mail-changed-login = Ihr Anmeldename
mail-changed-question = Ihre Sicherheitsfrage
mail-changed-second-email = Ihre zweite E-Mail-Adresse
mail-deactivated-subject = Das Konto von { $person } ist beendet
mail-deactivated = Sie haben das Konto von { $person } ({ $login }) beendet: Es ist abgemeldet, und seine API-Token sind widerrufen.
mail-password-ended-subject = Ihr Passwort bei { $org } wurde abgeschaltet
mail-password-ended =
    für Ihr Konto wurde { $count } Mal hintereinander ein falsches Passwort eingegeben. Deshalb wurde Ihr Passwort abgeschaltet: Niemand kommt mehr damit hinein, auch Sie nicht.

    Um ein anderes zu wählen, fordern Sie es dort an, wo Sie sich anmelden, oder rufen Sie Ihren Helpdesk an.
mail-locked-subject = Ihr Konto bei { $org } ist gesperrt, { $until }
mail-locked =
    für Ihr Konto wurde mehrmals hintereinander ein falsches Passwort oder ein falscher Code eingegeben. Deshalb ist das Konto gesperrt, { $until }; solange werden auch das richtige Passwort und der richtige Code abgelehnt.

    Wenn Sie das waren: Warten Sie, oder rufen Sie Ihren Helpdesk an, der das Konto entsperren kann.
    Wenn Sie es nicht waren: Sagen Sie es Ihrem Helpdesk. Vielleicht kennt jemand Ihr Passwort.
mail-strangers-subject = Jemand versucht, Ihr Passwort bei { $org } zu erraten
mail-strangers =
    in einem Browser, in dem Sie sich nie angemeldet haben, wurden mehrmals hintereinander falsche Passwörter oder Codes für Ihr Konto eingegeben. Deshalb werden solche Browser ausgesperrt, { $until }; die Browser, die Sie benutzen, funktionieren weiter.

    Wenn Sie das in einem neuen Browser waren: Nehmen Sie einen, in dem Sie sich schon einmal angemeldet haben, warten Sie, oder rufen Sie Ihren Helpdesk an.
    Wenn Sie es nicht waren, müssen Sie nichts tun.
mail-until = bis { $until }
mail-until-unlocked = bis ein Administrator es entsperrt
mail-recovered =
    { $what }

    Wenn Ihnen das niemand angekündigt hat, rufen Sie Ihren Helpdesk an.
mail-recovered-app = im Betrieb des Servers wurde für Ihr Konto eine neue Authenticator-App eingerichtet.
mail-recovered-everything = im Betrieb des Servers bekam Ihr Konto ein neues Passwort und eine neue Authenticator-App. Jeder andere Faktor wurde entfernt.
mail-case-opened-subject = Jemand beim Helpdesk hilft „Ihnen“
mail-case-opened =
    Fall { $number } wurde zu Ihrem Konto eröffnet: Jemand sagte unserem Helpdesk, dass Sie sich nicht anmelden können.

    Wenn Sie gerade mit dem Helpdesk sprechen, fragen Sie nach dem Wort des Falls. Es muss lauten: { $word }
mail-case-acted-subject = Ihr Konto wurde vom Helpdesk geändert
mail-case-acted =
    Im Fall { $number } tat der Helpdesk dies für Ihr Konto: { $action }.
mail-case-enrolled-subject = Sie können sich wieder anmelden: was geschah
mail-case-enrolled =
    Fall { $number } ist zu Ende: Zu Ihrem Konto wurde ein neuer Faktor eingerichtet. Der Helpdesk tat darin dies: { $actions }. Alles steht im Protokoll Ihrer Organisation.

    Machen Sie jetzt Ersatzcodes, und bewahren Sie sie wie Ihren Pass auf; damit brauchen Sie das nächste Mal niemanden: { $page }
mail-case-lapsed-subject = Ihr Konto ist gesperrt
mail-case-lapsed = Nach Fall { $number } richtete niemand rechtzeitig einen neuen Faktor für Ihr Konto ein. Damit niemand allein mit Ihrem Passwort hineinkommt, ist das Konto gesperrt. Rufen Sie den Helpdesk an: Er führt den Fall weiter.
mail-case-with-link =
    { $text }

    Wenn Sie das nicht waren, sagen Sie es hier, oder rufen Sie selbst den Helpdesk an:

    { $link }
mail-case-shut-subject = Ihr Konto ist geschlossen: jemand anderes war vielleicht darin
mail-case-shut =
    Nach Fall { $number } kam jemand anderes in Ihr Konto, oder könnte hineingekommen sein. Es ist gesperrt, und jede Sitzung, jedes Ticket und jede PIN ist beendet.

    Kommen Sie zum Helpdesk, oder rufen Sie selbst dort an. Zurückgegeben wird das Konto nur, wenn zwei Personen Sie kennen oder Sie dort stehen.
mail-case-manager-subject = Jemand aus Ihrem Team kann sich nicht anmelden: ist es wirklich diese Person?
mail-case-manager =
    { $person } ({ $login }), oder jemand, der sich so nennt, bat den Helpdesk um einen Weg zurück. Sprechen Sie mit der Person, unter einer Nummer, die Sie kennen: Hat sie darum gebeten? Der Helpdesk kann Ihnen die Nummer des Falls sagen: { $number }.

    Antworten Sie in Ihrem Konto:

    { $page }
mail-case-escalated-subject = Ein Wiederherstellungsfall wurde Ihrer Rolle übergeben
mail-case-escalated =
    Fall { $number } betrifft { $person } ({ $login }). Wer ihn führte, gab ihn weiter: Jemand mit Ihrer Rolle muss ihn übernehmen.

    { $page }
mail-case-incident =
    Im Fall { $number } kam die falsche Person hinein, oder könnte hineingekommen sein: { $person } ({ $login }).

    { $page }
mail-case-action-end-sessions = überall abgemeldet
mail-case-action-generate-codes = neue Backup-Codes
mail-case-action-note = eine Notiz
mail-case-action-recovery-pin = eine Wiederherstellungs-PIN für einen Computer
mail-case-action-reset-factor = ein Faktor entfernt
mail-case-action-reset-factors = alle Faktoren entfernt
mail-case-action-suspend = Konto gesperrt
mail-case-action-temporary-password = ein vorläufiges Passwort
mail-case-action-use-backup-code = ein eigener Backup-Code
