//! Layout: what Cedar's command has laid out stays as it is, and what it lays out is laid out so here.

use crate::policy::cedar::tests::cases::files::{Policies, below, pieces, text};
use crate::policy::cedar::{formatted, read};

#[test]
fn policies_of_the_samples_are_laid_out_already() {
    let (mut files, mut policies) = (0, 0);
    for name in below("cli", ".cedar") {
        if !name.rsplit('/').next().unwrap().starts_with("polic") {
            continue;
        }
        let file = Policies::of(&name);
        if file.templates.is_empty() {
            let laid_out: Vec<String> =
                file.statics.iter().map(|(_, text)| formatted(&read(text).unwrap()).unwrap()).collect();
            assert_eq!(laid_out.join("\n"), text(&name).trim_start(), "{name}");
            files += 1;
            policies += laid_out.len();
        }
    }
    assert_eq!((files, policies), (24, 33));
}

#[test]
fn a_policy_is_laid_out_as_the_command_does() {
    let unformatted = text("cli/tiny_sandboxes/format/unformatted.cedar");
    let laid_out = formatted(&read(pieces(&unformatted)[0]).unwrap()).unwrap();
    assert_ne!(laid_out, unformatted);
    assert_eq!(laid_out, text("cli/tiny_sandboxes/format/formatted.cedar"));
}
