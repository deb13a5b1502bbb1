"""Reports: an assessment becomes HTML, PDF and XLSX, from one content; nothing is solved here."""
