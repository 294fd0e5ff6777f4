//! Sentences of a small grammar as policies: each is understood wholly, or not at all. Start at [`translate`].
//!
//! ```text
//! sentence  = ("allow" | "permit" | "deny" | "forbid") who "to" ("call" | "use" | "invoke") tools ["when" condition {"and" condition}]
//! who       = "everyone" | "anyone" | ["the"] kind NAME | ("any" | "every") ("agent" | "service" | "user")
//! kind      = "agent" | "service" | "user" | "group" | "role" | "members" "of" ("group" | "role")
//! tools     = NAME {("," | "and" | "or") NAME}                           (prefix.tool, or prefix___tool)
//! condition = ARGUMENT operator                                          (names joined by dots lead into objects)
//! operator  = ("is" | "equals" | "==" | "=") value
//!           | ("is" "not" | "!=") value
//!           | "is" ["not"] "one" "of" value {("," | "or") value}
//!           | ("<" | "<=" | ">" | ">=") INTEGER
//!           | "is" ("at" ("least" | "most") | ("less" | "more" | "greater") "than" | "below" | "above") INTEGER
//!           | ("starts" | "begins") "with" TEXT
//! value     = INTEGER | "true" | "false" | TEXT
//! ```
//!
//! Words may be in any letter case; names and texts are taken as they are. What holds spaces or signs, or would be read as something
//! else, stands in double quotes. A sentence ends with `;`, with its line, or with a full stop before a space.
//!
//! Where the argument is missing, an `allow` does not apply; a `deny` applies only if its condition says what the argument is not. What
//! starts with a text must not hold `..` to be allowed, unless the text itself does. Imports `model`, drafts and the assets of reports.

mod grammar;
mod parts;
mod tokens;
mod translate;

pub use translate::translate;
