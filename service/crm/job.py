"""The demonstration job: its text is what people read, save and change."""

CLOSED_CASES = """\
# Delete the cases that were closed before 2024, then the contacts that belong to no account.
#
#   - The tasks of a case go with it, and their notes (the relationships cascade).
#   - Its emails stay and lose their link to it (remove link).
#   - A contact whose case is still there is kept back, and told with the reason (restrict).
#
# Run it with:  bulkdelete run closed-cases.yaml --database sqlite:///crm.db
name: Closed cases older than two years
queries:
  - EntityName: incident
    Criteria:
      FilterOperator: And
      Conditions:
        - {AttributeName: statecode, Operator: Equal, Values: [1]}                 # Resolved
        - {AttributeName: modifiedon, Operator: LessThan, Values: ["2024-01-01"]}
  - EntityName: contact
    Criteria:
      Conditions:
        - {AttributeName: parentcustomerid, Operator: "Null"}
"""
