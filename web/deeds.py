"""The words for facts: what was done, as the audit page and its file tell it."""

from __future__ import annotations

from quart_babel import lazy_gettext

_ = lazy_gettext

FACTS = {
    "company_founded": _("Company founded"),
    "demo_filled": _("Filled with sample data"),
    "settings_changed": _("Settings changed"),
    "user_added": _("Person added"),
    "user_disabled": _("Person shut out"),
    "user_enabled": _("Person let in again"),
    "user_renamed": _("Person renamed"),
    "user_password_changed": _("Password changed"),
    "user_role_changed": _("Role changed"),
    "person_invited": _("Person invited"),
    "invitation_resent": _("Invitation sent again"),
    "invitation_revoked": _("Invitation withdrawn"),
    "invitation_accepted": _("Invitation accepted"),
    "warehouses_granted": _("Warehouses granted"),
    "signed_in": _("Signed in"),
    "signed_out": _("Signed out"),
    "sign_in_failed": _("Sign-in failed"),
    "session_ended": _("Session ended"),
    "sessions_ended": _("Other sessions ended"),
    "password_reset_asked": _("New password asked for by letter"),
    "second_factor_added": _("Second factor added"),
    "second_factor_removed": _("Second factor removed"),
    "second_factor_reset": _("Second factor taken off by an admin"),
    "recovery_codes_renewed": _("Recovery codes renewed"),
    "recovery_code_used": _("Recovery code used"),
    "key_made": _("Key made"),
    "key_revoked": _("Key revoked"),
    "person_exported": _("A person's data taken out"),
    "person_erased": _("Person erased"),
    "list_exported": _("List taken out as a file"),
    "reconciled": _("Balances compared with the ledger"),
    "exception_settled": _("Exception settled"),
    "ledger_halted": _("Stock made read-only"),
    "ledger_resumed": _("Stock opened again"),
    "ledger_rebuilt": _("Balances made anew from the ledger"),
    "ledger_moved": _("Stock moved to another shard"),
    "item_created": _("Item created"),
    "item_changed": _("Item changed"),
    "item_archived": _("Item put away"),
    "barcode_added": _("Barcode added"),
    "barcode_removed": _("Barcode removed"),
    "item_unit_set": _("Packaging set"),
    "item_unit_removed": _("Packaging removed"),
    "limits_set": _("Limits set"),
    "limits_removed": _("Limits removed"),
    "unit_created": _("Unit created"),
    "unit_changed": _("Unit changed"),
    "unit_archived": _("Unit put away"),
    "warehouse_created": _("Warehouse opened"),
    "warehouse_changed": _("Warehouse changed"),
    "warehouse_archived": _("Warehouse closed"),
    "location_created": _("Location created"),
    "location_changed": _("Location changed"),
    "location_archived": _("Location put away"),
    "lot_created": _("Lot created"),
}


def fact(name: str) -> str:
    """What was done, in words; a fact that has none yet is shown as it is named."""
    return str(FACTS.get(name, name.replace("_", " ")))
