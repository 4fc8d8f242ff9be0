imports-title = Import people
imports-lead = Make and change people by a CSV file. First it is only read: you see what would come of each row, then you decide.
imports-file = File
imports-file-hint = CSV in UTF-8, at most { $megabytes } MB and { $rows } rows. The first row names the columns: login is needed; email, firstName, lastName and every other member of a profile, groups, status and password.hash columns may be there. An export has the same form.
imports-send = Read the file
imports-send-effect = Nobody is changed by this.
imports-choose = Choose a file that is not empty.
imports-too-long = The file is longer than { $megabytes } MB. Split it, and give each part the first row.
imports-too-many = Five files wait already. Carry them out or give them up first.
imports-files = Files so far
imports-none = No file was sent in yet.
imports-state = State
imports-rows = Rows
imports-refused = Refused
imports-sent = Sent in
imports-applied = Carried out
imports-applying = Being carried out
imports-cancelled = Given up
imports-checked = Waits for you
imports-checking = Being read
imports-failed = Cannot be read
imports-receiving = Coming in
imports-receiving-so-far = { $bytes } bytes so far
imports-read-so-far =
    { $rows ->
        [one] One row read
       *[other] { $rows } rows read
    }
imports-applied-so-far = Line { $line } of { $lines }
imports-failed-next = Nobody was changed by what was not carried out. Mend the file and send it in again.
imports-not-yours = Only whoever sent this file in can have it carried out.
imports-not-yours-next = It is carried out by their right. You can give it up.
imports-goes-on = This goes on without you.
imports-goes-on-next = You may close the page and come back. Whoever was made or changed stays so.
imports-would-make = Would be new
imports-would-change = Would change
imports-made = New
imports-changed = Changed
imports-same = As they are
imports-apply = Carry it out: { $made } new, { $changed } changed
imports-apply-effect =
    { $wrong ->
        [0] Every row is carried out.
        [one] One row is refused and left out.
       *[other] { $wrong } rows are refused and left out.
    }
imports-cancel = Give it up
imports-cancel-effect = Nobody is changed. What the file says is forgotten.
imports-cancel-effect-midway = The rest is left out. Whoever was made or changed stays so.
imports-refused-rows = Refused rows
imports-refused-about = Mend them in the file and send it in again: rows that were carried out count as being as they are.
imports-line = Line
imports-login = Login
imports-column = Column
imports-why = Why
imports-report = All of them as a file
imports-why-at = Line { $line }: { $why }
imports-why-blank = This must not be empty.
imports-why-pattern = This is not of the right form.
imports-why-login = A login has 1 to 100 characters, and no blanks.
imports-why-open-quote = A quote is never closed.
imports-why-inner-quote = A quote stands inside the cell, and the cell does not begin with one.
imports-why-behind-quote = Something stands behind the closing quote.
imports-why-cells = The row has { $first } cells, and there are { $second } columns.
imports-why-nul = There is a NUL character in it.
imports-why-utf8 = This is not UTF-8. Save the file as UTF-8.
imports-why-utf16 = The file is UTF-16. Save it as UTF-8.
imports-why-twice = Line { $first } is about the same login.
imports-why-long = At most { $first } characters on one line.
imports-why-taken = Somebody has this login already.
imports-why-ended = This account has ended.
imports-why-empty = The file is empty. Its first row names the columns.
imports-why-cr = The line ends with a carriage return alone.
imports-why-no-login = There is no column login. It says whom a row means.
imports-why-no-column = There is no such column: { $rest }
imports-why-column-twice = A column is there twice.
imports-why-no-group = There is no group { $rest }.
imports-why-above = This person may do what you may not.
imports-why-no-right = Whoever began this may not change people any more.
imports-why-groups = You may not put people into groups.
imports-export = These people as a CSV file
