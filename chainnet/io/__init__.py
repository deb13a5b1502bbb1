"""Files and networks: folder, workbook, GraphML, node-link JSON, edge list; the shipped graphs."""
