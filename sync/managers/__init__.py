"""The recipe of each entity, and the verbs and views that pages and the command line share."""
