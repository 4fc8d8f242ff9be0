factors-factor = Factor
factors-since = Since
factors-last-used = Last used
factors-never = Never
factors-off = Does not count: your organisation does not allow it now
factors-passkey = Passkey “{ $name }”
factors-about-token-software-totp = Codes of six digits, a new one every half minute
factors-about-token-hotp = Codes that a token shows
factors-about-email = A code that is sent by e-mail
factors-about-sms = A code that is sent by text message
factors-about-call = A code that a call says
factors-about-question = An answer that you know
factors-about-webauthn = Kept by your passkey manager; no false page can use it
factors-about-webauthn-bound = Stays on one device; no false page can use it
factors-remove = Remove
factors-remove-named = Remove: { $name }
factors-codes-left =
    { $count ->
        [one] One backup code of { $all } remaining
       *[other] { $count } backup codes of { $all } remaining
    }
factors-wait = Try again after { $until }.
factors-refused-answer = The answer needs 4 to 100 characters and must not be part of the question.
factors-refused-question = Choose one of the questions.
factors-refused-questiontext = Write your own question: 1 to 100 characters on one line.
factors-refused-phonenumber = This is no telephone number. Begin with + and the country, as in +46 8 555 0100.
factors-refused-phoneextension = An extension has digits alone.
factors-refused-sharedsecret = This is no secret of such a token. It has 16 bytes or more, written as its maker writes it.
factors-refused-factorprofileid = Choose what kind of token it is.
factors-refused-factortype = Your organisation does not allow this factor for you now.
factors-refused-factorenrollrequest = You have one of these already. Remove it first.
factors-refused-name = Must have 1 to 60 characters on one line.
factors-refused-e0000014 = That is not your present password.
factors-refused-e0000035 = Your organisation does not let you change the password here. Ask your help desk.
factors-refused-e0000038 = Your account does not allow this now. Ask your help desk.
factors-refused-e0000047 = There were too many tries.
factors-refused-e0000068 = That is not the right code. Check it and try again.
factors-refused-e0000069 = This account is locked.
factors-refused-e0000079 = This factor waits for no code any more. Start again.
factors-refused-e0000082 = That code was used before. Wait for the next one.
factors-refused-e0000083 = That code is too old, or a newer one was sent. Use the newest.
factors-refused-e0000109 = A text message was sent to this number just now.
factors-refused-e0000118 = An e-mail was sent to this address just now.
factors-refused-e0000133 = This number was called just now.
factors-refused-e0000146 = Your organisation has sent as many text messages as it may in a day. Ask your help desk.
factors-refused-e0000147 = Your organisation has made as many calls as it may in a day. Ask your help desk.
factors-refused-last-factor = This is your last factor: without it you could not sign in to the console. Add another one first.
factors-refused-required-factor = Your organisation wants you to have this factor. Add another one of its kind first.
