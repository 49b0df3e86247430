"""A case put to a subject: asked, judged, excused or not, diagnosed, and reported in one message."""
