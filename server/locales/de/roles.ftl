roles-title = Rollen
roles-lead = Eine Rolle ist eine Menge von Berechtigungen. Niemand gibt eine Rolle, die mehr enthält, als er selbst hat.
roles-own = Hier angelegt
roles-standard = Standardrollen
roles-standard-about = Jede Organisation hat sie; sie lassen sich nicht ändern.
roles-none = Hier wurde keine Rolle angelegt.
roles-none-next = Wo keine Standardrolle passt, legen Sie eine mit genau den nötigen Berechtigungen an und geben sie für eine Ressourcenmenge.
roles-for = Wofür sie ist
roles-changed = Geändert
roles-new = Rolle anlegen
roles-new-lead = Kreuzen Sie an, was ihre Träger dürfen. Worüber, wird beim Geben gesagt.
roles-make = Rolle anlegen
roles-edit = { $role } ändern
roles-edit-lead = Was angekreuzt ist, gilt für alle mit dieser Rolle ab ihrer nächsten Anfrage.
roles-label = Name
roles-label-wrong = Schreiben Sie 1 bis 255 Zeichen in eine Zeile.
roles-label-taken = So heißt schon etwas anderes: Wählen Sie einen anderen Namen.
roles-description = Wofür sie ist
roles-description-hint = Für alle, die sie später geben.
roles-description-wrong = Höchstens 1000 Zeichen.
roles-none-ticked = Kreuzen Sie mindestens eine Berechtigung an.
roles-beyond = Die Rolle hat auch Berechtigungen, die Sie nicht haben. Sie bleiben.
roles-changed-meanwhile = Jemand anders hat diese Rolle inzwischen geändert.
roles-changed-meanwhile-next = Nichts wurde gespeichert. Das Formular zeigt, wie es jetzt steht; ändern Sie noch einmal, was Sie weiterhin ändern wollen.
roles-allows = Was sie erlaubt
roles-allows-nothing = Nichts.
roles-limited = { $may } Einige Angaben zu Personen sind ausgenommen.
roles-held = Wer sie hat
roles-holders = Alle zeigen, die sie haben
roles-held-by =
    { $count ->
        [0] Niemand hat sie dort
        [one] Eine Person oder Gruppe hat sie dort
       *[other] { $count } Personen und Gruppen haben sie dort
    }
roles-unbound = Niemand: Sie reicht noch über keine Ressourcenmenge.
roles-give = Diese Rolle geben
roles-delete = { $role } löschen
roles-delete-about = Das lässt sich nicht rückgängig machen. Niemand hat die Rolle, also verliert niemand etwas.
roles-delete-effect = Die Rolle und ihre Berechtigungen sind weg; das Protokoll darüber bleibt.
roles-in-use = Die Rolle wird benutzt und kann deshalb nicht gelöscht werden.
roles-in-use-next = Lösen Sie zuerst die Bindung von Rolle und Ressourcenmenge, auf der Seite der Ressourcenmenge.
roles-area-devices = Computer
roles-area-groups = Gruppen
roles-area-iam = Administratoren
roles-area-logs = Das Protokoll
roles-area-org = Die ganze Organisation
roles-area-policies = Richtlinien
roles-area-users = Personen
