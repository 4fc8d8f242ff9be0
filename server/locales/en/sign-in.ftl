sign-in-title = Sign in
sign-in-enter-password = Enter your password
sign-in-enter-code = Enter the code of your app
sign-in-next = Next
sign-in-again = Start again with another name
sign-in-no-phone = No phone, no app? Call your help desk: they can make sure who you are and let you back in.
sign-in-name = Your name to sign in
sign-in-name-hint = Usually your work e-mail address.
sign-in-password = Password
sign-in-code = Code
sign-in-code-hint = Six digits; a new code comes every 30 seconds.
sign-in-locked = This account is locked.
sign-in-locked-next = Until { $until } even the right answers are refused. If that was not you, tell your help desk.
sign-in-nothing = There is no factor for this name.
sign-in-nothing-next = The console asks for a second factor. A super administrator can set one up for you.
sign-in-start-again = Please start again.
sign-in-start-again-next = It took longer than 5 minutes or went on in another window. Nothing is lost.
sign-in-wait = Wait a little.
sign-in-wait-next = There were { $limit }. Until { $until } right answers are refused too.
sign-in-wrong = Name and password do not fit.
sign-in-wrong-next = Check the name above and the caps lock key. Several failures in a row lock the account.
sign-in-wrong-check = Check the name above and the caps lock key.
sign-in-wrong-counted =
    { $minutes ->
        [60] Check the name above and the caps lock key. After { $count } failures in a row the account is locked for an hour.
       *[other] Check the name above and the caps lock key. After { $count } failures in a row the account is locked for { $minutes } minutes.
    }
sign-in-wrong-for-good = Check the name above and the caps lock key. After { $count } failures in a row the account is locked until somebody unlocks it.
sign-in-slip = A code has six digits. This try was not counted.
sign-in-wrong-code = That code is wrong or was used before. Wait for the next one and type it.
sign-in-other = Use another way
sign-in-ways = How do you want to show that it is you?
sign-in-way-token-software-totp = Code of your app
sign-in-way-token-hotp = Code of your token
sign-in-way-email = E-mail to { $to }
sign-in-way-sms = Text message to { $to }
sign-in-way-call = Call to { $to }
sign-in-way-question = Your security question
sign-in-way-backup-codes = A backup code
sign-in-ask-token-software-totp = Enter the code of your app
sign-in-ask-token-hotp = Enter the code of your token
sign-in-ask-email = Enter the e-mail code
sign-in-ask-sms = Enter the code of the text message
sign-in-ask-call = Enter the code that the voice said
sign-in-ask-question = Answer your security question
sign-in-ask-backup-codes = Enter a backup code
