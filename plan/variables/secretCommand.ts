/** How the value of a variable is kept encrypted in the stack file. */
export const secretCommand = (name: string): string =>
  `\`npm run pulumi -- config set --secret --path 'mastodon:secretEnvironment.${name}'\``;
