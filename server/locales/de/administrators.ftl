administrators-title = Administratoren
administrators-lead = Wer was darf, und worüber. Niemand gibt, was er nicht hat, und niemand kann für sich selbst eine Wiederherstellungs-PIN ausstellen.
administrators-holders = Wer was hat
administrators-search = Name
administrators-kind = Bei
administrators-any = Beliebig
administrators-people = Personen
administrators-groups = Gruppen
administrators-holder = Bei
administrators-role = Rolle
administrators-set = Ressourcenmenge
administrators-reach = Worüber
administrators-since = Seit
administrators-group-of =
    { $count ->
        [0] Eine Gruppe, in der niemand ist
        [one] Eine Gruppe von einer Person
       *[other] Eine Gruppe von { $count } Personen
    }
administrators-reach-all = Die ganze Organisation
administrators-reach-groups = Die Gruppen { $groups } und die Personen darin
administrators-reach-nothing = Nichts: Ihre Gruppen sind weg
administrators-reach-set = Was in { $set } ist
administrators-no-match = Niemand hat eine solche Rolle.
administrators-no-match-next = Lassen Sie einen Filter weg. Was jemand durch eine Gruppe hat, steht in der Zeile der Gruppe.
administrators-new = Rolle geben
administrators-new-lead = Einer Person oder allen in einer Gruppe. Bevor es geschieht, sehen Sie, was folgt.
administrators-choose = Bitte wählen
administrators-to-person = Person
administrators-to-person-hint = Name oder Anmeldename. Oder nennen Sie darunter eine Gruppe.
administrators-to-group = Gruppe
administrators-to-group-hint = Wer darin ist, hat die Rolle und verliert sie mit dem Austritt.
administrators-role-hint = Angeboten wird, was Sie selbst haben.
administrators-limit-to = Nur für diese Gruppe
administrators-limit-to-hint = Für Helpdesk-, Personen- und Gruppenmitglieder-Administratoren. Weitere Gruppen können später dazukommen.
administrators-set-hint = Für eine hier angelegte Rolle: worüber sie reicht.
administrators-next = Zeigen, was folgt
administrators-nobody-chosen = Nennen Sie eine Person, oder darunter eine Gruppe.
administrators-no-person = So heißt niemand: Wählen Sie einen der Vorschläge.
administrators-both = Nennen Sie eine Person oder eine Gruppe, nicht beides.
administrators-no-group = So heißt keine Gruppe: Wählen Sie eine der angebotenen.
administrators-group-built-in = In dieser Gruppe sind alle: Sie kann keine Rolle haben. Legen Sie eine Gruppe derer an, die sie brauchen.
administrators-group-rules = Regeln füllen diese Gruppe; wer Profile ändert, gäbe damit die Rolle. Wählen Sie eine Gruppe, die von Hand gefüllt wird.
administrators-group-large = Höchstens { $count } Personen dürfen eine Rolle durch eine Gruppe haben. Wählen Sie eine kleinere.
administrators-no-role = Wählen Sie eine der angebotenen Rollen.
administrators-limit-not = Diese Rolle lässt sich nicht auf eine Gruppe begrenzen: Lassen Sie das leer oder wählen Sie eine andere Rolle.
administrators-set-not = Standardrollen reichen über keine Ressourcenmenge: Lassen Sie das leer oder wählen Sie eine hier angelegte Rolle.
administrators-set-needed = Wählen Sie, worüber die Rolle reicht.
administrators-held-already = Diese Rolle ist schon gegeben.
administrators-give = { $holder } die Rolle { $role } geben
administrators-give-about = Sie gilt ab der nächsten Anfrage und steht im Protokoll. Sie kann jederzeit wieder genommen werden.
administrators-give-person = Hat die Rolle sofort.
administrators-give-group =
    { $count ->
        [0] Zurzeit ist niemand in der Gruppe; wer hineinkommt, hat die Rolle.
        [one] Die eine Person in der Gruppe hat die Rolle sofort, ebenso wer hineinkommt.
       *[other] { $count } Personen haben die Rolle sofort, ebenso wer hineinkommt.
    }
administrators-limit = Über welche Gruppen
administrators-limit-about = Die Rolle lässt sich auf Gruppen und die Personen darin begrenzen.
administrators-limit-none = Sie reicht über die ganze Organisation.
administrators-limit-add = Gruppe
administrators-limit-more = Die Rolle reicht dann auch über diese Gruppe.
administrators-limit-first = Von da an reicht die Rolle nur über diese Gruppe und nie wieder über die ganze Organisation.
administrators-limit-do = Gruppe hinzufügen
administrators-limit-remove = { $group } herausnehmen
administrators-limit-remove-effect = Die Rolle reicht nicht mehr über sie.
administrators-limit-full = Eine Rolle wird auf höchstens { $count } Gruppen begrenzt. Nehmen Sie zuerst eine heraus.
administrators-last = Das ist der letzte Hauptadministrator, der sich anmelden kann.
administrators-last-next = Jemand muss Rollen geben können: Ernennen Sie zuerst einen weiteren Hauptadministrator, dann kann diese Rolle genommen werden.
administrators-take = { $holder } die Rolle { $role } nehmen
administrators-take-about = Sie ist sofort weg, auch auf offenen Seiten. Sie kann jederzeit wieder gegeben werden.
administrators-take-person = Verliert die Rolle sofort; der nächste Versuch damit wird abgewiesen.
administrators-take-group =
    { $count ->
        [0] Zurzeit ist niemand in der Gruppe.
        [one] Die eine Person in der Gruppe verliert die Rolle sofort.
       *[other] { $count } Personen verlieren die Rolle sofort.
    }
administrators-take-reach = Reichte über: { $reach }
administrators-take-tokens =
    { $count ->
        [one] Ein API-Token handelt als diese Person und kann nicht mehr, was die Rolle erlaubte.
       *[other] { $count } API-Token handeln als diese Person und können nicht mehr, was die Rolle erlaubte.
    }
administrators-take-own = Sie haben keine andere Rolle: Die Konsole schließt sich für Sie.
administrators-take-none = Es bleibt keine andere Rolle: Die Konsole schließt sich.
administrators-take-others = Es bleiben: { $roles }.
