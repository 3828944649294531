"""The CD import wizard: one call, one disc, its patients one by one, from the form to the start."""

from iep_desktop.ui.disc_wizard.wizard import DiscWizard

__all__ = ["DiscWizard"]
