// Proposes the time zone that this device is in, until somebody chose another.
export default function zone(box) {
  const field = box.querySelector("input");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!field.value && here?.includes("/")) field.value = here;
}
