/** 办不成的事: where to go with what came to nothing, and the number for it. */

import { attrs, byId, el, fill, shape, text } from "/static/dom.js";
import { lang, named, placed, t } from "/static/words.js";
import { card, nowOf } from "/pages/kiosk/services.js";

/** @typedef {import("/static/wire.js").Entrance} Entrance */

/** @param {Entrance} data @param {number} now server time */
export function renderDesk(data, now) {
  const desk = data.unresolved;
  const service = desk ? data.services.find((one) => one.service === desk.service) : undefined;
  text(byId("desk-place"), desk ? t("kiosk.deskWindow", { windows: desk.windows }) : t("kiosk.desk"));
  const way = desk
    ? [placed(desk.zone_place, desk.zone_place_en, desk.zone_name_en), named(desk.zone_name, desk.zone_name_en), named(desk.directions, desk.directions_en)]
    : [lang === "zh" ? data.contact.address : ""];
  text(byId("desk-way"), way.filter(Boolean).join(t("gap")));
  if (!byId("desk-sign").firstChild) fill(byId("desk-sign"), [shape("arrow")]);
  const { phone } = data.contact;
  text(byId("desk-phone"), phone ? t("kiosk.helpPhone", { phone }) : "");
  attrs(byId("desk-number"), { hidden: !service });
  const shown = service ? nowOf(service, now, data.place.timezone) : null;
  const key = JSON.stringify([lang, service && service.name, shown]);
  if (byId("desk-service").getAttribute("data-key") === key) return;
  attrs(byId("desk-service"), { "data-key": key });
  fill(byId("desk-service"), service && shown ? [card(service, shown, false)] : [el("span")]);
}
