//! Limits people and tokens that have a grant to what is granted, by a scope in their own row. Without it, they
//! could do more once the grant is deleted.
//!
//! Call these functions before grants or members are deleted, while the rows still show whom the grants are for.
//! Call them also after a person joins a group.

use unstale_domain::{
    access::grant::{Subject, SubjectKind},
    id::PersonId,
};

use crate::{StoreError, Tx, db::execute};

/// The condition that a grant `g` is for a person or for one of the person's groups.
macro_rules! is_held_by {
    ($person:literal) => {
        concat!(
            "((g.subject_kind = 'person' AND g.subject_id = ",
            $person,
            ") OR (g.subject_kind = 'group'
                AND g.subject_id IN (SELECT group_name FROM person_group WHERE person_id = ",
            $person,
            ")))"
        )
    };
}
pub(crate) use is_held_by;

/// Limits the subject of a grant to what is granted. For a group, limits all its members, both local members and
/// those that a provider sent.
pub(super) async fn narrow(tx: &mut Tx, subject: &Subject) -> Result<(), StoreError> {
    let sql = match subject.kind {
        SubjectKind::Person => "UPDATE person SET scope = 'granted' WHERE id = $1",
        SubjectKind::Group => {
            "UPDATE person SET scope = 'granted'
             WHERE id IN (SELECT person_id FROM person_group WHERE group_name = $1)"
        }
        SubjectKind::Token => "UPDATE api_token SET scope = 'granted' WHERE id = $1",
    };
    execute!(tx, sql, subject.id.as_str())?;
    Ok(())
}

/// Limits a person to what is granted, if there is a grant for the person or for one of their groups.
pub(super) async fn narrow_where_granted(tx: &mut Tx, person: &PersonId) -> Result<(), StoreError> {
    execute!(
        tx,
        concat!(
            "UPDATE person SET scope = 'granted'
             WHERE id = $1 AND EXISTS (SELECT 1 FROM access_grant g WHERE ",
            is_held_by!("$1"),
            ")"
        ),
        person.as_str(),
    )?;
    Ok(())
}

/// Limits the members of a group to what is granted, if there is a grant for the group.
pub(super) async fn narrow_members_where_granted(tx: &mut Tx, group: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE person SET scope = 'granted'
         WHERE id IN (SELECT person_id FROM person_group WHERE group_name = $1)
             AND EXISTS (SELECT 1 FROM access_grant WHERE subject_kind = 'group' AND subject_id = $1)",
        group,
    )?;
    Ok(())
}
