import { serve } from "../serve";
import { tls } from "./provider";

void serve(tls, process.argv.slice(2));
