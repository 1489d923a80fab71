package logrecord

// The event names of objects of Graph's security API.
const (
	EventAlertV2  = "microsoft.defender.alert_v2"
	EventIncident = "microsoft.defender.incident"
	// EventAlertContext is that of a row that belongs to an alert, EventAlertContextSummary that of what was found for one.
	EventAlertContext        = "microsoft.defender.alert_context"
	EventAlertContextSummary = "microsoft.defender.alert_context_summary"
)

// The event names of Secure Score: a day's score, one control of it, and a version of a control's profile.
const (
	EventSecureScore               = "microsoft.defender.secure_score"
	EventSecureScoreControl        = "microsoft.defender.secure_score_control"
	EventSecureScoreControlProfile = "microsoft.defender.secure_score_control_profile"
	// EventSecureScoreControlAlerts is that of how many alerts belong to a control.
	EventSecureScoreControlAlerts = "microsoft.defender.secure_score_control_alerts"
)

// The attributes of their records: the day, e.g. 2026-03-15, and the id of the control's profile.
const (
	AttributeScoreDay     = "microsoft.defender.secure_score.day"
	AttributeScoreControl = "microsoft.defender.secure_score.control"
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

// The attributes of a row that belongs to an alert.
const (
	// AttributeRowUID is the id that the row has among the records of its table, AttributeRowTable that table.
	AttributeRowUID   = "microsoft.defender.row_uid"
	AttributeRowTable = "microsoft.defender.row_table"
	AttributeRelation = "microsoft.defender.relation"
	AttributeRound    = "microsoft.defender.round"
)

// The event names of what connectors give: which alerts belong to the execution of a security test, and what was done with
// an alert.
const (
	EventCorrelation = "defender.detection.correlation"
	EventResolution  = "defender.alert.resolution"
)
