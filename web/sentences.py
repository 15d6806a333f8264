"""What each refusal code means at the edge: its status, its title, and a sentence with the facts in it.

`_` only marks texts for the catalogues; they are translated when they are said.
"""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """Status, title and sentence of a refusal. A sentence may name facts: `%(available)s`."""

    status: int
    title: str
    sentence: str


def _(text: str) -> str:
    return text


_REQUEST = {
    "malformed_request": Meaning(400, _("The request cannot be read"), _("The request is not well formed: %(why)s.")),
    "idempotency_key_missing": Meaning(
        400, _("The Idempotency-Key is missing"), _("Send the header Idempotency-Key, so that sending again cannot do it twice.")
    ),
    "idempotency_key_invalid": Meaning(
        400, _("The Idempotency-Key cannot be used"), _("An Idempotency-Key is 1 to 255 printable ASCII characters.")
    ),
    "if_match_missing": Meaning(400, _("The version you saw is missing"), _("Send the version you saw in the header If-Match.")),
    "unknown_operation": Meaning(422, _("No such operation"), _("There is no such operation.")),
    "not_signed_in": Meaning(401, _("Not signed in"), _("Sign in, or send a valid API key.")),
    "wrong_credentials": Meaning(401, _("E-mail and password do not match"), _("E-mail and password do not match.")),
    "not_allowed": Meaning(403, _("Not allowed"), _("The role %(role)s may not do this; it needs %(permission)s.")),
    "form_not_ours": Meaning(
        403, _("The form has expired"), _("This form was opened in another session or came from another site. Open it again and repeat.")
    ),
    "not_found": Meaning(404, _("There is no such thing here"), _("There is nothing at this address, or it is not yours to see.")),
    "method_not_allowed": Meaning(405, _("That cannot be done here"), _("This address does not take %(method)s.")),
    "not_acceptable": Meaning(406, _("No such format"), _("This can be had as %(offered)s.")),
    "too_large": Meaning(413, _("Too large"), _("A request may be at most 1 MiB.")),
    "too_many_lines": Meaning(422, _("Too many lines"), _("A command may have at most %(max)s lines.")),
    "too_many_commands": Meaning(413, _("Too many commands"), _("One request may carry at most %(max)s commands.")),
    "wrong_content_type": Meaning(415, _("Wrong content type"), _("Send the body as %(expected)s.")),
    "idempotency_key_reused": Meaning(
        422, _("The key was used before"), _("This Idempotency-Key was already used for another request. Use a new key for a new request.")
    ),
    "rate_limited": Meaning(429, _("Too many requests"), _("Too many requests. Try again in %(retry_after_s)s s.")),
    "too_many_sign_ins": Meaning(
        429, _("Too many attempts to sign in"), _("Too many attempts to sign in. Try again in %(retry_after_s)s s.")
    ),
    "job_off": Meaning(409, _("The job is switched off"), _("Whoever runs this system has switched the job off.")),
    "job_running": Meaning(409, _("The job is running"), _("The job is running already.")),
    "job_rests": Meaning(
        409, _("The job has just run"), _("The job has just run. It may be asked for again %(rest_min)s min after it began.")
    ),
    "internal_error": Meaning(
        500,
        _("Something went wrong with us"),
        _("Something went wrong on our side. Nothing was lost; the number of this request is %(request_id)s."),
    ),
    "ledger_halted": Meaning(
        503,
        _("Stock is read-only"),
        _("The ledger of this company does not prove, so nothing is written until somebody has looked. Nothing was done."),
    ),
    "unavailable": Meaning(503, _("Not available right now"), _("This cannot be done at the moment. Try again; the same key stays valid.")),
}

_ENTRY = {
    "wrong_password": Meaning(422, _("The password is wrong"), _("This is not your password.")),
    "wrong_code": Meaning(422, _("The code does not fit"), _("The code does not fit. Each code works once; wait for the next one.")),
    "too_many_attempts": Meaning(429, _("Too many attempts"), _("Too many attempts. Try again in %(retry_after_s)s s.")),
    "sign_in_again": Meaning(401, _("Sign in again"), _("That took too long, or something changed. Sign in again.")),
    "second_factor_on": Meaning(409, _("There is a second factor"), _("A second factor is in use already.")),
    "second_factor_off": Meaning(409, _("There is no second factor"), _("There is no second factor.")),
    "second_factor_wanted": Meaning(
        403, _("A second factor is asked for"), _("Your company asks for a second factor. Add one, and everything else opens.")
    ),
    "link_spent": Meaning(410, _("The link is spent"), _("This link was used, has run out or was withdrawn. Ask for a new one.")),
    "invitation_closed": Meaning(409, _("The invitation is closed"), _("This invitation was accepted or withdrawn.")),
    "already_invited": Meaning(
        409, _("Already invited"), _("There is an open invitation for %(email)s. Send it again, or withdraw it first.")
    ),
    "sign_up_closed": Meaning(403, _("Sign-up is closed"), _("New companies are not taken here.")),
    "no_mail": Meaning(
        503, _("Letters cannot be sent"), _("No mail server is set up here (ONHAND_SMTP_URL), so nobody would get the letter.")
    ),
}

_STOCK = {
    "insufficient_stock": Meaning(
        409, _("Not enough is available"), _("Only %(available)s of %(requested)s available for %(sku)s in %(warehouse)s.")
    ),
    "not_sellable": Meaning(
        409, _("That stock cannot be sold"), _("%(sku)s in %(warehouse)s is in quarantine or damaged, so it cannot be promised.")
    ),
    "more_than_held": Meaning(
        409,
        _("More than is reserved"),
        _("The reservation still holds %(open)s of %(sku)s in %(warehouse)s; %(requested)s were asked for."),
    ),
    "reservation_closed": Meaning(409, _("The reservation is closed"), _("Nothing of this reservation is open any more.")),
    "reservation_is_firm": Meaning(409, _("The reservation is firm"), _("A firm reservation has no end that could be moved.")),
    "reservation_expired": Meaning(
        410, _("The reservation has expired"), _("The time of this reservation ran out and its stock is available again.")
    ),
    "reservation_not_found": Meaning(404, _("No such reservation"), _("There is no such reservation.")),
    "too_many_holds": Meaning(
        409,
        _("Too many reservations are open"),
        _("%(open)s reservations of yours are open, and %(limit)s are the most. Commit or release some first."),
    ),
    "exception_not_found": Meaning(404, _("No such exception"), _("There is no such exception.")),
    "exception_settled": Meaning(409, _("The exception is settled"), _("Somebody has looked into this exception already.")),
    "transfer_not_found": Meaning(404, _("No such transfer"), _("There is no such transfer.")),
    "transfer_closed": Meaning(409, _("The transfer is closed"), _("Nothing of this transfer is under way any more.")),
    "over_receipt": Meaning(
        409,
        _("More than was sent or ordered"),
        _("Only %(open)s more of %(sku)s can arrive in %(warehouse)s; %(requested)s cannot."),
    ),
    "more_than_in_transit": Meaning(
        409,
        _("More than is under way"),
        _("%(open)s of %(sku)s are still under way to %(warehouse)s; %(requested)s cannot be written off."),
    ),
    "same_warehouse": Meaning(422, _("It goes nowhere"), _("A transfer goes to another warehouse.")),
    "other_warehouse": Meaning(422, _("Another warehouse"), _("The lines of this are all in %(expected)s.")),
    "version_conflict": Meaning(
        409,
        _("It changed in the meantime"),
        _("Somebody else changed it: expected %(expected)s, but it is %(actual)s. Look again and repeat."),
    ),
    "nothing_due": Meaning(409, _("Nothing is due"), _("This reservation has not run out.")),
    "quantity_too_large": Meaning(422, _("The quantity is too large"), _("The quantity is larger than can be kept.")),
    "not_a_quantity": Meaning(422, _("Not a quantity"), _("A quantity is a plain number such as 6 or 0.150.")),
    "too_many_decimals": Meaning(422, _("Too many decimals"), _("This item is counted with at most %(decimals)s decimals.")),
    "not_whole_millionths": Meaning(422, _("The quantity does not convert exactly"), _("This quantity cannot be converted exactly.")),
    "quantity_not_positive": Meaning(422, _("The quantity must be above zero"), _("The quantity must be above zero.")),
    "reason_missing": Meaning(422, _("A reason is missing"), _("Say why the stock is adjusted.")),
    "quantity_is_zero": Meaning(422, _("The change is zero"), _("A change of zero changes nothing.")),
    "delta_or_count": Meaning(422, _("Change or count, not both"), _("Say either the change or the count with what was expected.")),
    "lot_or_serial": Meaning(422, _("Lot or serial number, not both"), _("Say either the lot or the serial number.")),
    "serial_is_one": Meaning(422, _("A serial number is one piece"), _("A serial number stands for exactly one piece.")),
    "warehouse_or_warehouses": Meaning(
        422, _("One warehouse or several, not both"), _("Say either the warehouse or the warehouses in order of preference.")
    ),
    "warehouse_twice": Meaning(422, _("A warehouse is named twice"), _("Name each warehouse once, in order of preference.")),
    "with_warehouses_only": Meaning(422, _("This goes with warehouses"), _("Only a line that names warehouses has this.")),
    "in_one_warehouse_only": Meaning(422, _("This goes with one warehouse"), _("Only a line that names one warehouse has this.")),
    "not_a_multiple": Meaning(422, _("Not a multiple"), _("The quantity must be a multiple of %(multiple)s.")),
    "soft_only": Meaning(422, _("A firm reservation has no end"), _("Only a soft reservation has an end.")),
    "not_a_time": Meaning(422, _("Not a time"), _("A time is written with its zone, such as 2026-11-21T08:00:00Z.")),
    "in_the_future": Meaning(422, _("The time is in the future"), _("What has not happened yet cannot be written down.")),
    "other_currency": Meaning(422, _("Another currency"), _("Costs are kept in %(expected)s.")),
    "unknown_verb": Meaning(404, _("No such command"), _("There is no command %(verb)s.")),
    "unknown_owner": Meaning(422, _("No such owner"), _("There is no such owner.")),
    "unknown_lot": Meaning(404, _("No such lot"), _("There is no such lot or serial number.")),
    "unknown_item": Meaning(404, _("No such item"), _("There is no item %(sku)s.")),
    "unknown_warehouse": Meaning(404, _("No such warehouse"), _("There is no warehouse %(warehouse)s.")),
    "unknown_location": Meaning(404, _("No such location"), _("There is no location %(location)s in %(warehouse)s.")),
    "unknown_unit": Meaning(422, _("No such unit"), _("There is no unit %(unit)s.")),
    "location_holds_no_stock": Meaning(
        422, _("The location holds no stock"), _("%(location)s groups other locations and holds no stock itself.")
    ),
    "location_archived": Meaning(409, _("The location is archived"), _("%(location)s is archived.")),
    "item_archived": Meaning(409, _("The item is archived"), _("%(sku)s is archived.")),
    "warehouse_archived": Meaning(409, _("The warehouse is archived"), _("%(warehouse)s is archived.")),
}

_THINGS = {
    "item_not_found": Meaning(404, _("No such item"), _("There is no such item.")),
    "warehouse_not_found": Meaning(404, _("No such warehouse"), _("There is no such warehouse.")),
    "location_not_found": Meaning(404, _("No such location"), _("There is no such location.")),
    "item_has_stock": Meaning(409, _("There is stock of it"), _("%(sku)s still has stock or promises, so it cannot be put away.")),
    "warehouse_has_stock": Meaning(409, _("There is stock in it"), _("%(warehouse)s still has stock or promises, so it cannot be closed.")),
    "location_has_stock": Meaning(409, _("There is stock in it"), _("The location still has stock, so it cannot be closed.")),
    "sku_taken": Meaning(409, _("The SKU is taken"), _("There is already an item %(sku)s.")),
    "code_taken": Meaning(409, _("The code is taken"), _("%(value)s is already in use.")),
    "barcode_taken": Meaning(409, _("The barcode is taken"), _("%(barcode)s already belongs to %(sku)s.")),
    "slug_taken": Meaning(409, _("The address is taken"), _("There is already a company at %(slug)s.")),
    "email_taken": Meaning(409, _("The e-mail is taken"), _("Somebody with the e-mail %(email)s is already here.")),
    "last_admin": Meaning(409, _("The last admin stays"), _("A company needs an admin: make somebody else one first.")),
    "plan_limit_reached": Meaning(
        409, _("The plan has no room for more"), _("The plan %(plan)s includes %(limit)s of these (%(what)s), and %(current)s are in use.")
    ),
    "invalid_body": Meaning(422, _("The data do not fit"), _("The data do not fit: see the fields named.")),
    "invalid_value": Meaning(422, _("A value does not fit"), _("This value does not fit.")),
    "wrong_type": Meaning(422, _("Wrong type of value"), _("This is not the kind of value that belongs here.")),
    "out_of_range": Meaning(422, _("Out of range"), _("This value is outside what is allowed.")),
    "not_a_choice": Meaning(422, _("Not one of the choices"), _("This is not one of the choices.")),
    "is_base_unit": Meaning(422, _("That is the base unit"), _("The item is counted in this unit already.")),
    "bad_sort": Meaning(422, _("Cannot be sorted so"), _("The list cannot be sorted by this.")),
    "value_missing": Meaning(422, _("A value is missing"), _("This is needed.")),
    "unknown_field": Meaning(422, _("Unknown field"), _("There is no field %(field)s.")),
    "text_too_long": Meaning(422, _("Too long"), _("This is too long.")),
    "unprintable_text": Meaning(422, _("Unprintable characters"), _("This contains characters that cannot be shown.")),
    "not_a_code": Meaning(422, _("Not a code"), _("A code is letters, digits and . _ / + - with spaces only inside, up to 64.")),
    "not_an_amount": Meaning(422, _("Not an amount"), _("An amount is a plain number such as 12.50.")),
    "amount_too_large": Meaning(422, _("The amount is too large"), _("The amount is larger than can be kept.")),
    "not_a_currency": Meaning(422, _("Not a currency"), _("A currency is three capital letters.")),
    "not_a_language": Meaning(422, _("Not a language"), _("A language is two small letters.")),
    "unknown_time_zone": Meaning(422, _("No such time zone"), _("There is no such time zone.")),
    "not_an_email": Meaning(422, _("Not an e-mail address"), _("This is not an e-mail address.")),
    "bad_cursor": Meaning(422, _("Not a cursor of ours"), _("Follow the value of next as it was given.")),
    "key_ended": Meaning(409, _("The key has ended"), _("This key was revoked or has run out. Make a new one.")),
    "one_warehouse": Meaning(422, _("A till stands in one warehouse"), _("Choose the one warehouse in which this device stands.")),
    "unknown_scope": Meaning(422, _("No such right"), _("The role %(role)s has no right %(scope)s that a key could be limited to.")),
    "more_rights_than_maker": Meaning(
        403, _("More rights than you have"), _("Nobody can give a key or an issuer more rights than they have themselves.")
    ),
    "not_a_mapping": Meaning(
        422, _("Not a mapping"), _("Write one line for each, such as: stock-managers = manager (here: %(line_text)s).")
    ),
    "issuer_taken": Meaning(409, _("The issuer is trusted already"), _("%(issuer)s is trusted already. Remove it first to change it.")),
    "sso_not_set_up": Meaning(404, _("Single sign-on is not set up"), _("No identity provider is set up for this company.")),
    "sso_not_proven": Meaning(
        409,
        _("Nobody has come in this way yet"),
        _("Passwords stay on until an administrator has signed in once through the provider as it is set up now."),
    ),
    "sso_only_way_in": Meaning(
        409, _("Nobody else could come in"), _("No administrator has a password. Give one a password first, then remove the provider.")
    ),
    "sso_unreachable": Meaning(
        503, _("The identity provider does not answer"), _("The identity provider of this company does not answer as it should (%(why)s).")
    ),
    "sso_failed": Meaning(
        401, _("The sign-in was not completed"), _("This sign-in was not completed or took too long. Begin again from the sign-in page.")
    ),
    "sso_email_not_verified": Meaning(
        403, _("The e-mail is not verified"), _("The identity provider does not say that it has verified your e-mail address.")
    ),
    "sso_domain_not_allowed": Meaning(
        403, _("The e-mail is of another company"), _("People with an e-mail address of this domain may not come in here.")
    ),
    "sso_no_role": Meaning(
        403, _("You have no role here"), _("None of your groups has a role here, or you were taken out. Ask your administrator.")
    ),
    "sso_email_taken": Meaning(
        409,
        _("The e-mail belongs to another account"),
        _("Somebody with your e-mail address is already here, and accounts are not joined by e-mail. Ask your administrator."),
    ),
    "passwords_off": Meaning(
        403, _("Passwords are turned off"), _("People of this company sign in through its identity provider, not with a password.")
    ),
    "password_too_short": Meaning(422, _("The password is too short"), _("Use at least %(min)s characters.")),
    "password_too_long": Meaning(422, _("The password is too long"), _("Use at most %(max)s characters.")),
    "unknown_role": Meaning(422, _("No such role"), _("There is no such role.")),
    "unknown_language": Meaning(422, _("No such language"), _("Onhand speaks English, Russian and Kyrgyz.")),
}

_BUYING = {
    "order_not_found": Meaning(404, _("No such order"), _("There is no order %(order)s.")),
    "order_line_not_found": Meaning(404, _("No such line"), _("The order has no line %(order_line)s.")),
    "order_status": Meaning(409, _("Not in this state"), _("%(order)s is %(status)s, so this cannot be done with it.")),
    "order_not_open": Meaning(
        409, _("Nothing can be received"), _("%(order)s is %(status)s: goods can be received for approved orders only.")
    ),
    "own_order": Meaning(409, _("Somebody else must approve it"), _("You put %(order)s forward, so somebody else has to approve it.")),
    "over_approval_limit": Meaning(
        409, _("Above what you may approve"), _("%(order)s is for %(amount)s; managers approve up to %(limit)s %(currency)s. Ask an admin.")
    ),
    "already_received": Meaning(409, _("Something was received"), _("Goods of %(order)s were received: close it short instead.")),
    "nothing_received": Meaning(409, _("Nothing was received"), _("Nothing of %(order)s was received: cancel it instead.")),
    "nothing_to_receive": Meaning(409, _("Nothing to receive"), _("No line of %(order)s says that something came.")),
    "which_line": Meaning(422, _("Which line?"), _("Several lines are of %(sku)s: say which one.")),
    "more_rejected": Meaning(422, _("More rejected than came"), _("No more can be rejected than came.")),
    "expiry_needs_lot": Meaning(422, _("No lot"), _("Only a lot or a serial number expires: name it.")),
    "lot_expires_otherwise": Meaning(
        409, _("Another expiry date"), _("Lot %(lot)s expires on %(expires_on)s, as was noted before. Look at the label again.")
    ),
    "not_a_date": Meaning(422, _("Not a date"), _("A date is written as 2026-11-30.")),
    "receipt_exists": Meaning(409, _("Received before"), _("This delivery was received before, as %(receipt)s.")),
    "receipt_not_found": Meaning(404, _("No such receipt"), _("There is no such receipt.")),
    "receipt_line_not_found": Meaning(404, _("No such line"), _("The receipt has no line %(receipt_line)s.")),
    "receipt_taken_back": Meaning(409, _("Taken back before"), _("%(receipt)s, or part of it, was taken back before.")),
    "more_than_received": Meaning(
        409, _("More than was received"), _("%(open)s of %(sku)s are left of that line; %(requested)s cannot go back.")
    ),
    "supplier_no_email": Meaning(
        409, _("The supplier has no e-mail"), _("The supplier of %(order)s has no e-mail address. Enter it with the supplier first.")
    ),
    "several_items": Meaning(409, _("Several items are like that"), _("Several items are like “%(sku)s”: choose one of them.")),
    "file_kind": Meaning(422, _("Another kind of file"), _("Take a PDF, PNG or JPEG file.")),
    "file_not_found": Meaning(404, _("No such file"), _("%(order)s has no such file.")),
    "too_many_files": Meaning(409, _("Too many files"), _("An order may have at most %(max)s files.")),
    "put_away_meanwhile": Meaning(
        409, _("It lies elsewhere now"), _("%(sku)s was spread over several places meanwhile. Move it together first.")
    ),
}

_REPLENISHING = {
    "nothing_to_order": Meaning(
        409, _("Nothing to order"), _("%(sku)s in %(warehouse)s needs nothing: what is there and coming is above the minimum.")
    ),
    "supplier_missing": Meaning(409, _("Nobody sells it"), _("%(sku)s has no supplier to order from. Assign one first.")),
    "no_surplus": Meaning(409, _("Nothing to spare"), _("%(warehouse)s has nothing of %(sku)s to spare any more.")),
    "below_moq": Meaning(422, _("Less than the least"), _("The supplier takes orders of %(moq)s %(unit)s or more.")),
    "not_a_multiple": Meaning(422, _("Not in these steps"), _("The supplier sells in steps of %(multiple)s %(unit)s.")),
    "not_whole_packs": Meaning(422, _("Not whole packs"), _("Order whole packs.")),
    "item_twice": Meaning(422, _("The item is there twice"), _("%(sku)s is named twice.")),
    "nothing_chosen": Meaning(422, _("Nothing is chosen"), _("Nothing is chosen yet.")),
    "lines_or_all": Meaning(422, _("Which suggestions?"), _("Name lines, or ask for all; not both.")),
}

_CHOSEN = {
    "setting_fixed": Meaning(422, _("This cannot be changed"), _("This cannot be changed: see why beside it.")),
    "not_between": Meaning(422, _("Out of range"), _("Choose a whole number from %(min)s to %(max)s.")),
    "hold_default_over_max": Meaning(422, _("Longer than the longest"), _("The usual length cannot be longer than the longest.")),
    "hold_too_long": Meaning(422, _("The hold is too long"), _("A hold lasts at most %(max)s seconds here.")),
    "currency_fixed": Meaning(
        409, _("The currency stays"), _("Costs are kept in %(currency)s already, and what they were worth cannot be rewritten.")
    ),
    "too_many_views": Meaning(409, _("Too many saved views"), _("%(max)s views of this list are saved already. Delete one first.")),
    "view_exists": Meaning(409, _("There is such a view"), _("Another view of this list is called %(name)s already.")),
    "not_confirmed": Meaning(422, _("Not confirmed"), _("Type %(expected)s to confirm.")),
}

_SUPPLIERS = {
    "unknown_supplier": Meaning(404, _("No such supplier"), _("There is no supplier %(supplier)s.")),
    "supplier_archived": Meaning(409, _("The supplier is archived"), _("%(supplier)s is archived.")),
    "supplier_has_orders": Meaning(
        409, _("There are open orders"), _("%(supplier)s still has open orders. Receive, close or cancel them first.")
    ),
    "offer_taken": Meaning(409, _("The supplier sells it already"), _("%(supplier)s sells %(sku)s already. Change that instead.")),
    "unit_is_bought": Meaning(
        409, _("Suppliers sell it in this packaging"), _("Suppliers sell %(sku)s by the %(unit)s. Add another packaging instead.")
    ),
    "pack_not_whole": Meaning(
        422,
        _("Not a whole amount"),
        _("%(multiple)s × %(unit)s is no amount that can be counted in %(base_unit)s. Take a larger multiple."),
    ),
    "break_twice": Meaning(422, _("Two prices for one quantity"), _("There are two prices from %(from_qty)s packs on.")),
    "has_breaks": Meaning(
        422,
        _("There are prices by quantity"),
        _("There are prices by quantity: the base price stays, and in its currency. Change it by hand."),
    ),
    "line_twice": Meaning(422, _("The line is there twice"), _("%(supplier)s and %(sku)s are in the file already.")),
    "sku_twice": Meaning(422, _("The item is there twice"), _("%(sku)s is in the file already.")),
    "unit_stays": Meaning(422, _("The unit stays"), _("%(sku)s is counted in %(unit)s, and that stays: make a new item for another unit.")),
    "preferred_twice": Meaning(422, _("Two preferred suppliers"), _("The file names another preferred supplier of %(sku)s already.")),
    "file_refused": Meaning(422, _("Nothing was taken over"), _("Nothing was taken over: see the lines named, and send the file again.")),
    "file_too_large": Meaning(422, _("The file is too large"), _("A file may have at most %(max)s bytes.")),
    "no_rows": Meaning(422, _("The file is empty"), _("There is a header, but there are no rows.")),
    "no_header": Meaning(422, _("The header is missing"), _("The first row names the columns: %(columns)s.")),
    "unknown_column": Meaning(422, _("Unknown column"), _("These columns are known: %(columns)s.")),
    "column_twice": Meaning(422, _("A column is there twice"), _("Each of these columns may be there once: %(columns)s.")),
    "column_missing": Meaning(422, _("A column is missing"), _("The file needs %(column)s.")),
    "not_utf8": Meaning(422, _("The file is not UTF-8"), _("The file is not UTF-8. Save it as “CSV UTF-8” and send it again.")),
    "not_csv": Meaning(422, _("Not a CSV file"), _("This is not a CSV file in UTF-8, or a row has more cells than the header.")),
    "too_many_rows": Meaning(422, _("Too many rows"), _("A file may have at most %(max)s rows.")),
}

_DOCUMENTS = {
    "shipment_not_found": Meaning(404, _("No such shipment"), _("There is no shipment %(shipment)s.")),
    "requisition_not_found": Meaning(404, _("No such requisition"), _("There is no requisition %(requisition)s.")),
    "requisition_status": Meaning(409, _("Not in this state"), _("%(requisition)s is %(status)s, so this cannot be done with it.")),
    "no_supplier": Meaning(409, _("Nobody sells it"), _("Nobody is known to sell %(sku)s: name a supplier.")),
    "order_elsewhere": Meaning(409, _("It goes elsewhere"), _("%(order)s goes to %(warehouse)s.")),
    "invoice_not_found": Meaning(404, _("No such invoice"), _("There is no invoice %(invoice)s.")),
    "invoice_twice": Meaning(409, _("Entered before"), _("Invoice %(number)s of %(supplier)s was entered before, as %(invoice)s.")),
    "invoice_line_not_found": Meaning(404, _("No such line"), _("The invoice has no line %(invoice_line)s.")),
    "no_exception": Meaning(409, _("Nothing to approve"), _("Line %(invoice_line)s of %(invoice)s is no open exception.")),
    "shipment_status": Meaning(409, _("Not in this state"), _("%(shipment)s is %(status)s, so this cannot be done with it.")),
    "over_announced": Meaning(
        409,
        _("More than is open"),
        _("%(open)s %(unit)s of line %(order_line)s are neither announced nor received; %(requested)s are too many."),
    ),
}

MEANINGS: dict[str, Meaning] = _REQUEST | _ENTRY | _STOCK | _THINGS | _SUPPLIERS | _BUYING | _DOCUMENTS | _REPLENISHING | _CHOSEN
UNKNOWN = Meaning(409, _("It cannot be done"), _("This was refused (%(code)s)."))
"""Of a code that has no words yet."""
