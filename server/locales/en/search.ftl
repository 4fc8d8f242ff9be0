search-title = Search
search-how = Write a serial number, a name, a group or a page of the console.
search-nothing = Nothing is called "{ $words }". Ask the caller to spell the serial number or the name.
search-all = All of them
search-pages = Pages of the console
search-name = Name
search-detail = Details
search-state = State
