package logrecord

// The event names of objects of Graph's security API.
const (
	EventAlertV2  = "microsoft.defender.alert_v2"
	EventIncident = "microsoft.defender.incident"
)

// EventSIEMAlert is the event name of records of the former SIEM API, which are made of alerts.
const EventSIEMAlert = "microsoft.defender.siem_alert"

// The attributes of their records.
const (
	AttributeAlertID    = "microsoft.defender.alert_id"
	AttributeIncidentID = "microsoft.defender.incident_id"
	// AttributeAlertNew says whether a version of an alert is the first one that was read.
	AttributeAlertNew = "microsoft.defender.alert.new"
)
