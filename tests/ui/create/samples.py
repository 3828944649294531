"""E-mails and forms of synthetic patients."""

from __future__ import annotations

MAIL = """Call reference: 06396375
Surname: MOUSE
First name: Minnie
Date of birth: 17/03/1961
Sex: F
NHS number: 999 000 0018
S number: S999111
Address: 12 Harbour Rd, LE99 9ZZ
Exam: CT Chest with contrast 02/11/2026
Requester: Dr B. Requester
Consultant: Dr C. Consultant
Department: Respiratory medicine
Telephone: x00000
E-mail: clinic@example.invalid
"""
