// Package indicator finds the indicators of an alert (IOC in the words of the former SIEM API) and gives each an identity
// that is the same in every version of the alert.
package indicator
