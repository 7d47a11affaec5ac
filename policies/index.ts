import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

new PolicyPack("mastodon", { policies: [...rules], enforcementLevel: "mandatory" });
