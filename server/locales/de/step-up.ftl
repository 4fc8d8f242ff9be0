step-up-title = Zeigen Sie, dass Sie es sind
step-up-about = { $act }: Dafür ist ein Code nötig, der höchstens 5 Minuten alt ist. Was Sie eingegeben haben, bleibt erhalten.
step-up-code = Code Ihrer App
step-up-code-hint = Sechs Ziffern. 5 Minuten lang werden Sie nicht noch einmal gefragt.
step-up-locked = Dieses Konto ist bis { $until } ausgesperrt.
step-up-nothing = Sie haben keinen Faktor. Die Hauptadministration kann Ihnen einen einrichten.
step-up-sign-in = Melden Sie sich noch einmal an, um fortzufahren.
step-up-wait = Es gab { $limit }. Bis { $until } werden auch richtige Codes abgelehnt.
