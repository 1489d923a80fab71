// Package kusto writes KQL into which no value can enter unescaped.
//
// A Fragment is a piece of KQL that is known to be well formed. Its text cannot be set from outside:
// it comes from Text, which takes only constants of the program, or from a constructor that quotes
// its value. Format puts fragments into the placeholders of a constant.
package kusto
