"""The report as a workbook with native charts, which Excel, WPS and LibreOffice open and edit."""
