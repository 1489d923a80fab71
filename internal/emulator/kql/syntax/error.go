package syntax

import "fmt"

// Error is a query that the service would refuse with status 400. Message is in its wording.
type Error struct {
	Message string
	// Syntax tells a text that does not parse from one whose meaning is wrong.
	Syntax bool
	// Offset is the byte in the text at which the trouble begins.
	Offset int
}

func (e *Error) Error() string { return e.Message }

func syntaxError(offset int, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...) + " Fix syntax errors in your query.", Syntax: true, Offset: offset}
}

// SemanticError is of a text that parses; operator is the one in which the trouble is, or empty.
func SemanticError(offset int, operator, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...) + " Fix semantic errors in your query."
	if operator != "" {
		message = "'" + operator + "' operator: " + message
	}
	return &Error{Message: message, Offset: offset}
}
