//! A condition's tree: every name in it is known, and every bound on its shape holds. Imports nothing of ours.

use std::sync::Arc;

use regex::Regex;

/// An expression. Its depth is bounded when it is read.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// A value that was written.
    Literal(Literal),
    /// A list that was written.
    List(Vec<Expression>),
    /// A mapping that was written, from texts.
    Map(Vec<(Arc<str>, Expression)>),
    /// One of the names that every condition knows.
    Root(Root),
    /// The element a loop is at.
    Element,
    /// A member by its name.
    Member(Box<Member>),
    /// Whether a member is there.
    Has(Box<Member>),
    /// An element or member by what an expression says.
    Index(Box<(Expression, Expression)>),
    /// `!`
    Not(Box<Expression>),
    /// `-`
    Negate(Box<Expression>),
    /// `&&`
    And(Box<(Expression, Expression)>),
    /// `||`
    Or(Box<(Expression, Expression)>),
    /// `a ? b : c`
    If(Box<(Expression, Expression, Expression)>),
    /// `==`, `<` and so on.
    Compare(Comparison, Box<(Expression, Expression)>),
    /// `in`
    In(Box<(Expression, Expression)>),
    /// `+`, `-`, `*`, `/`, `%`
    Calculate(Calculation, Box<(Expression, Expression)>),
    /// A function of one to three values.
    Call(Function, Vec<Expression>),
    /// `matches`, whose regular expression is always a literal.
    Matches(Box<Expression>, Pattern),
    /// `all`, `exists` and so on.
    Loop(Box<Loop>),
}

/// A value that was written.
#[derive(Clone, Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Arc<str>),
}

/// `of.name`
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) of: Expression,
    pub(super) name: Arc<str>,
    /// The whole of it as written, for reasons: `parameters.order.id`.
    pub(super) path: Arc<str>,
}

/// Names that every condition knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Parameters,
    Actor,
    Action,
    Capability,
    Resource,
    Context,
    Time,
    Risk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calculation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Functions, of the value they are called on and at most one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    ToText,
    ToInt,
    ToDouble,
    ToTimestamp,
    ToDuration,
    /// A field of a time as a calendar shows it.
    Field(TimeField),
}

/// Fields of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeField {
    FullYear,
    /// 0 = January
    Month,
    /// 1 to 31
    Date,
    /// 0 to 30
    DayOfMonth,
    /// 0 = Sunday
    DayOfWeek,
    /// 0 to 365
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// A regular expression, searched for in linear time.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// How many places in it a search may be at once: what a byte of text costs at worst.
    pub(super) places: u32,
    /// What it takes compiled, in bytes, at most.
    pub(super) bytes: usize,
}

/// A macro over the elements of a list, or the keys of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) kind: LoopKind,
    pub(super) range: Expression,
    /// Which elements: all but for `filter` and `map` with three arguments.
    pub(super) filter: Option<Expression>,
    /// What of each.
    pub(super) body: Expression,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    /// `map` and `filter`
    Collect,
}

impl Root {
    pub(super) const ALL: [Self; 8] = [
        Self::Parameters,
        Self::Actor,
        Self::Action,
        Self::Capability,
        Self::Resource,
        Self::Context,
        Self::Time,
        Self::Risk,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Actor => "actor",
            Self::Action => "action",
            Self::Capability => "capability",
            Self::Resource => "resource",
            Self::Context => "context",
            Self::Time => "time",
            Self::Risk => "risk",
        }
    }

    /// Its members; `None` where a call says which there are, or where it has none to be checked.
    pub(super) const fn members(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Parameters | Self::Context => None,
            Self::Actor => Some(&["id", "type", "roles", "groups"]),
            Self::Action => Some(&["capability"]),
            Self::Capability => Some(&["risk_level"]),
            Self::Resource => Some(&[]),
            Self::Time => Some(&["hour", "day_of_week", "now"]),
            Self::Risk => Some(&["score"]),
        }
    }
}

impl Function {
    /// Every function with its name, and how many values it takes besides the first: at least, at most.
    pub(super) const ALL: [(&'static str, Self, usize, usize); 21] = [
        ("size", Self::Size, 0, 0),
        ("contains", Self::Contains, 1, 1),
        ("startsWith", Self::StartsWith, 1, 1),
        ("endsWith", Self::EndsWith, 1, 1),
        ("lowerAscii", Self::LowerAscii, 0, 0),
        ("upperAscii", Self::UpperAscii, 0, 0),
        ("string", Self::ToText, 0, 0),
        ("int", Self::ToInt, 0, 0),
        ("double", Self::ToDouble, 0, 0),
        ("timestamp", Self::ToTimestamp, 0, 0),
        ("duration", Self::ToDuration, 0, 0),
        ("getFullYear", Self::Field(TimeField::FullYear), 0, 1),
        ("getMonth", Self::Field(TimeField::Month), 0, 1),
        ("getDate", Self::Field(TimeField::Date), 0, 1),
        ("getDayOfMonth", Self::Field(TimeField::DayOfMonth), 0, 1),
        ("getDayOfWeek", Self::Field(TimeField::DayOfWeek), 0, 1),
        ("getDayOfYear", Self::Field(TimeField::DayOfYear), 0, 1),
        ("getHours", Self::Field(TimeField::Hours), 0, 1),
        ("getMinutes", Self::Field(TimeField::Minutes), 0, 1),
        ("getSeconds", Self::Field(TimeField::Seconds), 0, 1),
        ("getMilliseconds", Self::Field(TimeField::Milliseconds), 0, 1),
    ];
}
