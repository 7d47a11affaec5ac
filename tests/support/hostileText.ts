import fc from "fast-check";

/** Texts that anything between here and the server might take for more than a text. */
export const hostileText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        ...[
          "a",
          "Z",
          "0",
          ".",
          "-",
          "_",
          "'",
          '"',
          "\\",
          "$",
          "`",
          ";",
          "&",
          "|",
          "<",
          ">",
          "(",
          ")",
        ],
        ...["{", "}", "[", "]", "#", ":", "*", "!", "%", "@", ",", "?", "=", "~", " ", "\t", "\n"],
        ...[
          "\r",
          "\0",
          "\u0085",
          "\u2028",
          "\n- ",
          "$(id)",
          "${HOME}",
          "`id`",
          "\n#cloud-config\n",
        ],
        ...["{{ v }}", "---\n", "\nssh-rsa AA"],
      ),
    )
    .map((parts) => parts.join("")),
);
