field-optional = (freiwillig)
field-six = Sechs Ziffern
field-nine = Neun Ziffern
field-needed = Das wird gebraucht.
field-misheard = Eine Ziffer wurde falsch verstanden oder vertippt: Lassen Sie alle neun noch einmal vorlesen.
field-range = { $least } bis { $most }
