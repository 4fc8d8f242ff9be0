administrators-title = Administrators
administrators-lead = Who may do what. A role is a set of permissions; nobody can make a recovery PIN for themselves.
administrators-person = Person
administrators-roles = Roles
administrators-pins = Recovery PINs
administrators-since = Since
administrators-may-make = May make them
administrators-may-not = No
