package tables

// The tables that are read whole, as Microsoft documents them. The service may have more columns: what it sends is passed on.

var deviceImageLoadEvents = NewSchema("DeviceImageLoadEvents", `
	Timestamp:datetime DeviceId:string DeviceName:string ActionType:string FileName:string FolderPath:string
	SHA1:string SHA256:string MD5:string FileSize:long InitiatingProcessAccountDomain:string
	InitiatingProcessAccountName:string InitiatingProcessAccountSid:string InitiatingProcessAccountUpn:string
	InitiatingProcessAccountObjectId:string InitiatingProcessIntegrityLevel:string
	InitiatingProcessTokenElevation:string InitiatingProcessSHA1:string InitiatingProcessSHA256:string
	InitiatingProcessMD5:string InitiatingProcessFileName:string InitiatingProcessFileSize:long
	InitiatingProcessVersionInfoCompanyName:string InitiatingProcessVersionInfoProductName:string
	InitiatingProcessVersionInfoProductVersion:string InitiatingProcessVersionInfoInternalFileName:string
	InitiatingProcessVersionInfoOriginalFileName:string InitiatingProcessVersionInfoFileDescription:string
	InitiatingProcessId:long InitiatingProcessCommandLine:string InitiatingProcessCreationTime:datetime
	InitiatingProcessFolderPath:string InitiatingProcessParentId:long InitiatingProcessParentFileName:string
	InitiatingProcessParentCreationTime:datetime ReportId:long AppGuardContainerId:string`)

var deviceFileCertificateInfo = NewSchema("DeviceFileCertificateInfo", `
	Timestamp:datetime DeviceId:string DeviceName:string SHA1:string IsSigned:bool SignatureType:string
	Signer:string SignerHash:string Issuer:string IssuerHash:string CertificateSerialNumber:string
	CrlDistributionPointUrls:json CertificateCreationTime:datetime CertificateExpirationTime:datetime
	CertificateCountersignatureTime:datetime IsTrusted:bool IsRootSignerMicrosoft:bool ReportId:long`)

var emailEvents = NewSchema("EmailEvents", `
	Timestamp:datetime NetworkMessageId:string InternetMessageId:string SenderMailFromAddress:string
	SenderFromAddress:string SenderDisplayName:string SenderObjectId:string SenderMailFromDomain:string
	SenderFromDomain:string SenderIPv4:string SenderIPv6:string RecipientEmailAddress:string
	RecipientObjectId:string Subject:string EmailClusterId:long EmailDirection:string DeliveryAction:string
	DeliveryLocation:string ThreatTypes:string ThreatNames:string DetectionMethods:json ConfidenceLevel:json
	BulkComplaintLevel:int EmailAction:string EmailActionPolicy:string EmailActionPolicyGuid:string
	AuthenticationDetails:json AttachmentCount:int UrlCount:int EmailLanguage:string Connectors:string
	OrgLevelAction:string OrgLevelPolicy:string UserLevelAction:string UserLevelPolicy:string ReportId:string
	AdditionalFields:json LatestDeliveryLocation:string LatestDeliveryAction:string`)

var emailAttachmentInfo = NewSchema("EmailAttachmentInfo", `
	Timestamp:datetime NetworkMessageId:string SenderFromAddress:string SenderDisplayName:string
	SenderObjectId:string RecipientEmailAddress:string RecipientObjectId:string FileName:string FileType:string
	SHA256:string FileSize:long ThreatTypes:string ThreatNames:string DetectionMethods:json ReportId:string`)

var emailURLInfo = NewSchema("EmailUrlInfo", `
	Timestamp:datetime NetworkMessageId:string Url:string UrlDomain:string UrlLocation:string ReportId:string`)

var emailPostDeliveryEvents = NewSchema("EmailPostDeliveryEvents", `
	Timestamp:datetime NetworkMessageId:string InternetMessageId:string Action:string ActionType:string
	ActionTrigger:string ActionResult:string RecipientEmailAddress:string DeliveryLocation:string
	ThreatTypes:string DetectionMethods:json ReportId:string`)

var urlClickEvents = NewSchema("UrlClickEvents", `
	Timestamp:datetime Url:string ActionType:string AccountUpn:string Workload:string NetworkMessageId:string
	ThreatTypes:string DetectionMethods:json IPAddress:string IsClickedThrough:bool UrlChain:json ReportId:string`)

var identityLogonEvents = NewSchema("IdentityLogonEvents", `
	Timestamp:datetime ActionType:string Application:string LogonType:string Protocol:string
	FailureReason:string AccountName:string AccountDomain:string AccountUpn:string AccountSid:string
	AccountObjectId:string AccountDisplayName:string DeviceName:string DeviceType:string OSPlatform:string
	IPAddress:string Port:int DestinationDeviceName:string DestinationIPAddress:string DestinationPort:int
	TargetDeviceName:string TargetAccountDisplayName:string Location:string Isp:string ReportId:string
	AdditionalFields:dynamic`)

var identityQueryEvents = NewSchema("IdentityQueryEvents", `
	Timestamp:datetime ActionType:string Application:string QueryType:string QueryTarget:string Query:string
	Protocol:string AccountName:string AccountDomain:string AccountUpn:string AccountSid:string
	AccountObjectId:string AccountDisplayName:string DeviceName:string IPAddress:string Port:int
	DestinationDeviceName:string DestinationIPAddress:string DestinationPort:int TargetDeviceName:string
	TargetAccountUpn:string TargetAccountDisplayName:string Location:string ReportId:string
	AdditionalFields:dynamic`)

var identityDirectoryEvents = NewSchema("IdentityDirectoryEvents", `
	Timestamp:datetime ActionType:string Application:string TargetAccountUpn:string
	TargetAccountDisplayName:string TargetDeviceName:string DestinationDeviceName:string
	DestinationIPAddress:string DestinationPort:int Protocol:string AccountName:string AccountDomain:string
	AccountUpn:string AccountSid:string AccountObjectId:string AccountDisplayName:string DeviceName:string
	IPAddress:string Port:int Location:string ISP:string ReportId:string AdditionalFields:dynamic`)

var cloudAppEvents = NewSchema("CloudAppEvents", `
	Timestamp:datetime ActionType:string Application:string ApplicationId:int AppInstanceId:int
	AccountObjectId:string AccountId:string AccountDisplayName:string IsAdminOperation:bool DeviceType:string
	OSPlatform:string IPAddress:string IsAnonymousProxy:bool CountryCode:string City:string Isp:string
	UserAgent:string ActivityType:string ActivityObjects:dynamic ObjectName:string ObjectType:string
	ObjectId:string ReportId:string AccountType:string IsExternalUser:bool IsImpersonated:bool IPTags:dynamic
	IPCategory:string UserAgentTags:dynamic RawEventData:dynamic AdditionalFields:dynamic
	LastSeenForUser:dynamic UncommonForUser:dynamic AuditSource:string SessionData:dynamic OAuthAppId:string`)

var entraIDSignInEvents = NewSchema("EntraIdSignInEvents", `
	Timestamp:datetime Application:string ApplicationId:string LogonType:string ErrorCode:int
	CorrelationId:string SessionId:string AccountDisplayName:string AccountObjectId:string AccountUpn:string
	IsExternalUser:int IsGuestUser:bool AlternateSignInName:string LastPasswordChangeTimestamp:datetime
	ResourceDisplayName:string ResourceId:string ResourceTenantId:string DeviceName:string
	EntraIdDeviceId:string OSPlatform:string DeviceTrustType:string IsManaged:int IsCompliant:int
	AuthenticationProcessingDetails:json AuthenticationRequirement:string TokenIssuerType:int
	RiskLevelAggregated:int RiskDetails:int RiskState:int UserAgent:string ClientAppUsed:string Browser:string
	ConditionalAccessPolicies:json ConditionalAccessStatus:int IPAddress:string Country:string State:string
	City:string Latitude:string Longitude:string NetworkLocationDetails:json RequestId:string ReportId:string
	EndpointCall:string IsThroughGlobalSecureAccess:bool UniqueTokenId:string`)
