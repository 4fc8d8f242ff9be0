home-title = Home
home-nothing = Nothing needs attention. A caller on the line? Search for their computer above.
home-matters =
    { $count ->
        [one] One matter needs attention.
       *[other] { $count } matters need attention, most pressing first.
    }
home-attention = What needs attention
home-numbers = Numbers
home-recent = Latest on record
home-whole-record = The whole record
home-alarm-next = { $about }, { $when }. Call the person on a number that is not new.
home-alarm-see = See what happened
home-pins-off = Recovery PINs are switched off
home-pins-off-next = Nobody who loses their factor can be let into a computer until they are switched on.
home-pins-off-act = Switch them on
home-silent =
    { $count ->
        [one] One computer has been silent for more than { $days } days
       *[other] { $count } computers have been silent for more than { $days } days
    }
home-silent-next =
    { $count ->
        [one] To let its people in, the help desk needs the nine digits on the screen.
       *[other] To let their people in, the help desk needs the nine digits on the screen.
    }
home-silent-act = See the computers
home-tally-computers = active computers
home-tally-people = people
home-tally-pins = recovery PINs in 7 days
home-undelivered =
    { $count ->
        [one] One message could not be delivered
       *[other] { $count } messages could not be delivered
    }
home-undelivered-next = People did not hear what they should have. Check the mail server in postern.toml; new messages are sent again by themselves.
home-undelivered-act = See the record
home-tokens =
    { $count ->
        [one] One API token expires within 7 days
       *[other] { $count } API tokens expire within 7 days
    }
home-tokens-next = { $names }. A token that is used is prolonged by itself; these were not used for weeks.
home-tokens-act = See the tokens
home-certificates =
    { $count ->
        [one] The certificate of one computer expires within 14 days
       *[other] The certificates of { $count } computers expire within 14 days
    }
home-certificates-next = They renew them by themselves when they are in contact. Connect the computers to the network.
home-locked = { $person } is locked out
home-locked-until = Too many failures; right answers are refused until { $until }. Make sure that it is them before you unlock.
home-locked-for-good = Too many failures; right answers are refused until somebody unlocks. Make sure that it is them first.
home-locked-act = Unlock { $person }
home-idle-behind = The policy { $name } never answers: { $behind } comes first
home-idle-rule = The rule { $name } of { $policy } never answers: { $behind } comes first
home-idle-no-rule = The policy { $name } never answers: it has no active rule
home-idle-nobody = The policy { $name } is for groups that nobody is in
home-idle-next = What it says holds for nobody. Move it up, change it, or switch it off.
home-idle-act = See the policy
home-password = Your password expires { $when }
home-password-next = From then on you are asked for another one where you sign in. Choose it now: a link comes by mail.
home-password-act = Choose another password
