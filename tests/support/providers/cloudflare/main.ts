import { serve } from "../serve";
import { cloudflare } from "./provider";

void serve(cloudflare(), process.argv.slice(2));
