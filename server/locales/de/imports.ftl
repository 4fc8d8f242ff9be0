imports-title = Personen importieren
imports-lead = Legen Sie Personen mit einer CSV-Datei an oder ändern Sie sie. Zuerst wird sie nur gelesen: Sie sehen, was aus jeder Zeile würde, und entscheiden dann.
imports-file = Datei
imports-file-hint = CSV in UTF-8, höchstens { $megabytes } MB und { $rows } Zeilen. Die erste Zeile nennt die Spalten: login ist nötig; email, firstName, lastName und jedes andere Profilfeld, groups, status und Spalten password.hash sind möglich. Ein Export hat dieselbe Form.
imports-send = Datei lesen
imports-send-effect = Dadurch wird niemand geändert.
imports-choose = Wählen Sie eine Datei, die nicht leer ist.
imports-too-long = Die Datei ist länger als { $megabytes } MB. Teilen Sie sie, jeder Teil mit der ersten Zeile.
imports-too-many = Fünf Dateien warten schon. Führen Sie sie zuerst aus oder verwerfen Sie sie.
imports-files = Bisherige Dateien
imports-none = Noch wurde keine Datei gesendet.
imports-state = Stand
imports-rows = Zeilen
imports-refused = Abgelehnt
imports-sent = Gesendet
imports-applied = Ausgeführt
imports-applying = Wird ausgeführt
imports-cancelled = Verworfen
imports-checked = Wartet auf Sie
imports-checking = Wird gelesen
imports-failed = Nicht lesbar
imports-receiving = Kommt an
imports-receiving-so-far = Bisher { $bytes } Bytes
imports-read-so-far =
    { $rows ->
        [one] Eine Zeile gelesen
       *[other] { $rows } Zeilen gelesen
    }
imports-applied-so-far = Zeile { $line } von { $lines }
imports-failed-next = Durch das, was nicht ausgeführt wurde, wurde niemand geändert. Berichtigen Sie die Datei und senden Sie sie noch einmal.
imports-not-yours = Nur wer diese Datei gesendet hat, kann sie ausführen lassen.
imports-not-yours-next = Sie wird mit den Rechten der Person ausgeführt, die sie gesendet hat. Sie können sie verwerfen.
imports-goes-on = Das geht ohne Sie weiter.
imports-goes-on-next = Sie können die Seite schließen und wiederkommen. Wer angelegt oder geändert wurde, bleibt es.
imports-would-make = Wären neu
imports-would-change = Würden geändert
imports-made = Neu
imports-changed = Geändert
imports-same = Unverändert
imports-apply = Ausführen: { $made } neu, { $changed } geändert
imports-apply-effect =
    { $wrong ->
        [0] Jede Zeile wird ausgeführt.
        [one] Eine Zeile ist abgelehnt und wird ausgelassen.
       *[other] { $wrong } Zeilen sind abgelehnt und werden ausgelassen.
    }
imports-cancel = Verwerfen
imports-cancel-effect = Niemand wird geändert. Was die Datei sagt, wird vergessen.
imports-cancel-effect-midway = Der Rest bleibt aus. Wer angelegt oder geändert wurde, bleibt es.
imports-refused-rows = Abgelehnte Zeilen
imports-refused-about = Berichtigen Sie sie in der Datei und senden Sie sie noch einmal: Ausgeführte Zeilen gelten als unverändert.
imports-line = Zeile
imports-login = Anmeldename
imports-column = Spalte
imports-why = Warum
imports-report = Alle als Datei
imports-why-at = Zeile { $line }: { $why }
imports-why-blank = Das darf nicht leer sein.
imports-why-pattern = Das hat nicht die richtige Form.
imports-why-login = Ein Anmeldename hat 1 bis 100 Zeichen und keine Leerzeichen.
imports-why-open-quote = Ein Anführungszeichen wird nie geschlossen.
imports-why-inner-quote = In der Zelle steht ein Anführungszeichen, und sie beginnt nicht mit einem.
imports-why-behind-quote = Hinter dem schließenden Anführungszeichen steht noch etwas.
imports-why-cells = Die Zeile hat { $first } Zellen, und es gibt { $second } Spalten.
imports-why-nul = Darin ist ein NUL-Zeichen.
imports-why-utf8 = Das ist kein UTF-8. Speichern Sie die Datei als UTF-8.
imports-why-utf16 = Die Datei ist UTF-16. Speichern Sie sie als UTF-8.
imports-why-twice = Zeile { $first } betrifft denselben Anmeldenamen.
imports-why-long = Höchstens { $first } Zeichen in einer Zeile.
imports-why-taken = Jemand hat diesen Anmeldenamen schon.
imports-why-ended = Dieses Konto ist beendet.
imports-why-empty = Die Datei ist leer. Ihre erste Zeile nennt die Spalten.
imports-why-cr = Die Zeile endet nur mit einem Wagenrücklauf.
imports-why-no-login = Es gibt keine Spalte login. Sie sagt, wen eine Zeile meint.
imports-why-no-column = Diese Spalte gibt es nicht: { $rest }
imports-why-column-twice = Eine Spalte steht zweimal da.
imports-why-no-group = Es gibt keine Gruppe { $rest }.
imports-why-above = Diese Person darf, was Sie nicht dürfen.
imports-why-no-right = Wer dies begonnen hat, darf Personen nicht mehr ändern.
imports-why-groups = Sie dürfen niemanden in Gruppen aufnehmen.
imports-export = Diese Personen als CSV-Datei
