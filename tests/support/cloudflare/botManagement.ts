import type { Plan } from "./account";
import { ApiError } from "./apiError";
import { zoneRoute, type Route } from "./routes";

export type BotManagement = Readonly<Record<string, boolean | string>>;

const everywhere = {
  ai_bots_protection: "block",
  crawler_protection: "disabled",
  enable_js: true,
  is_robots_txt_managed: false,
};

/** Bot Fight Mode is of the free plan, "Super" Bot Fight Mode of those that are paid for. */
const initial: Readonly<Record<Plan, BotManagement>> = {
  free: { ...everywhere, fight_mode: false },
  pro: {
    ...everywhere,
    optimize_wordpress: false,
    sbfm_definitely_automated: "allow",
    sbfm_static_resource_protection: false,
    sbfm_verified_bots: "allow",
  },
};

export function initialBotManagement(plan: Plan): BotManagement {
  return initial[plan];
}

export function botManagementRoutes(): Route[] {
  return [
    zoneRoute("GET", "/bot_management", { permission: "Bot Management:Read" }, (zone) => ({
      result: present(zone.botManagement),
    })),
    zoneRoute<BotManagement>(
      "PUT",
      "/bot_management",
      { permission: "Bot Management:Edit", request: "botManagement" },
      (zone, { body }) => {
        const known = initial[zone.plan];
        // Of the other plan's fields only those that switch off are taken, to clean up after a change of plan.
        const foreign = Object.entries(body).filter(([key]) => !(key in known));
        if (foreign.some(([, value]) => value !== false && value !== "allow"))
          throw new ApiError(400, 10_400, "Bad Request");
        const own = Object.entries(body).filter(([key]) => key in known);
        zone.botManagement = { ...zone.botManagement, ...Object.fromEntries(own) };
        return { result: present(zone.botManagement) };
      },
    ),
  ];
}

function present(configuration: BotManagement): object {
  return { ...configuration, using_latest_model: true };
}
