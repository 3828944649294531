"""A node over DICOMweb (PS3.18): STOW-RS, QIDO-RS and WADO-RS in the place of C-STORE, C-FIND and C-GET.

The same sessions, results and errors as over DIMSE; who asks need not know which it is. The only place that knows
HTTP of a node's images. The address of a query names patients, so that none is ever logged or put into an error.
"""
