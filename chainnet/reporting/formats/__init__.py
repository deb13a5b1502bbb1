"""The formats of the report: page (HTML), pdf, workbook (XLSX), and what their fonts can draw."""
