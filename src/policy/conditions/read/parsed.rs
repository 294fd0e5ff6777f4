//! What is looked for in the parser's tree.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, operators};

/// The name of what a macro collects.
const COLLECTED: &str = "@result";

/// An operator or function with its operands.
pub(super) fn call_of(tree: &IdedExpr) -> Option<(&str, &[IdedExpr])> {
    match &tree.expr {
        Expr::Call(call) => Some((call.func_name.as_str(), call.args.as_slice())),
        _ => None,
    }
}

/// The `x` of `collected + [x]`.
pub(super) fn added_of(tree: &IdedExpr) -> Option<&IdedExpr> {
    match call_of(tree)? {
        (operators::ADD, [collected, added]) => match (&collected.expr, &added.expr) {
            (Expr::Ident(name), Expr::List(list)) if name == COLLECTED => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}

/// The ids of all `in`s below `tree`.
pub(super) fn find_ins(tree: &IdedExpr, found: &mut Vec<u64>) {
    match &tree.expr {
        Expr::Call(call) => {
            if call.func_name == operators::IN {
                found.push(tree.id);
            }
            call.target.as_deref().into_iter().chain(&call.args).for_each(|below| find_ins(below, found));
        }
        Expr::Select(select) => find_ins(&select.operand, found),
        Expr::List(list) => list.elements.iter().for_each(|below| find_ins(below, found)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    find_ins(&entry.key, found);
                    find_ins(&entry.value, found);
                }
            }
        }
        Expr::Comprehension(written) => {
            find_ins(&written.iter_range, found);
            find_ins(&written.loop_step, found);
        }
        Expr::Struct(_) | Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified => {}
    }
}
