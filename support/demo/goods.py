"""What the demo company buys, and from whom."""

# name, what it is, other spellings
VENDORS = [
    ("Lenovo", "maker", ["Lenovo Group"]),
    ("Dell", "maker", ["Dell Inc.", "Dell Technologies"]),
    ("Apple", "maker", ["Apple Inc."]),
    ("HP", "maker", ["HP Inc", "Hewlett-Packard"]),
    ("Hewlett Packard Enterprise", "maker", ["HPE"]),
    ("Samsung", "maker", ["Samsung Electronics"]),
    ("Cisco", "maker", ["Cisco Systems"]),
    ("Fortinet", "maker", []),
    ("Brother", "maker", ["Brother Industries"]),
    ("Kyocera", "maker", ["Kyocera Document Solutions"]),
    ("LG", "maker", ["LG Electronics"]),
    ("Microsoft", "maker", ["Microsoft Ireland", "MSFT"]),
    ("Adobe", "maker", ["Adobe Systems"]),
    ("Autodesk", "maker", []),
    ("Atlassian", "maker", []),
    ("SAP", "maker", ["SAP SE"]),
    ("Vodafone", "carrier", ["Vodafone GmbH"]),
    ("Telekom", "carrier", ["Deutsche Telekom", "T-Mobile"]),
    ("Elbsystem", "supplier", ["Elbsystem GmbH"]),
    ("Rhodanis Informatique", "supplier", ["Rhodanis"]),
    ("Nordkante Leasing", "supplier", []),
    ("Hafenrand Datacentre", "reseller", ["Hafenrand DC"]),
]

# name, kind, prefix of its tags, needs acceptance, holds data, how many there are
CATEGORIES = [
    ("Laptop", "hardware", "LT", True, True, 190),
    ("Monitor", "hardware", "MO", False, False, 170),
    ("Phone", "hardware", "PH", True, True, 75),
    ("SIM card", "sim", "SC", False, False, 75),
    ("Docking station", "hardware", "DS", False, False, 30),
    ("Printer", "hardware", "PR", False, False, 18),
    ("Server", "server", "SV", False, True, 14),
    ("Network", "network", "NW", False, False, 28),
]
TO_A_PLACE = {"Printer", "Server", "Network"}

# category, maker, model, part number, cost, warranty in months, years until its support ends
PRODUCTS = [
    ("Laptop", "Lenovo", "ThinkPad T14 Gen 3", "21AH00BSGE", 1390, 36, 1),
    ("Laptop", "Lenovo", "ThinkPad T14 Gen 5", "21ML003QGE", 1490, 36, 4),
    ("Laptop", "Lenovo", "ThinkPad X1 Carbon Gen 12", "21KC0058GE", 2190, 36, 4),
    ("Laptop", "Dell", "Latitude 7450", "", 1620, 36, 4),
    ("Laptop", "Dell", "Precision 5690", "", 3150, 36, 5),
    ("Laptop", "HP", "EliteBook 840 G10", "818N2EA", 1450, 36, 3),
    ("Laptop", "Apple", "MacBook Pro 14 M3 Pro", "MRX33D/A", 2350, 12, 6),
    ("Monitor", "Dell", "UltraSharp U2723QE", "DELL-U2723QE", 489, 36, None),
    ("Monitor", "Dell", "P2423D", "DELL-P2423D", 259, 36, None),
    ("Monitor", "LG", "27UP850N-W", "27UP850N-W", 379, 24, None),
    ("Phone", "Apple", "iPhone 14", "MPVN3ZD/A", 799, 12, 3),
    ("Phone", "Apple", "iPhone 15", "MTP43ZD/A", 869, 12, 4),
    ("Phone", "Samsung", "Galaxy S23", "SM-S911B", 749, 24, 2),
    ("Phone", "Samsung", "Galaxy XCover6 Pro", "SM-G736B", 529, 24, 3),
    ("SIM card", "Vodafone", "Business SIM", "", 0, None, None),
    ("SIM card", "Telekom", "Business Mobile SIM", "", 0, None, None),
    ("Docking station", "Lenovo", "ThinkPad Universal USB-C Dock", "40AY0090EU", 219, 36, None),
    ("Docking station", "Dell", "WD19S", "DELL-WD19S130W", 199, 36, None),
    ("Printer", "HP", "LaserJet Enterprise M611dn", "7PS84A", 980, 12, 3),
    ("Printer", "Brother", "HL-L6410DN", "HLL6410DNRE1", 590, 36, 5),
    ("Printer", "Kyocera", "ECOSYS M3645idn", "1102V33NL0", 1890, 24, 2),
    ("Server", "Dell", "PowerEdge R760", "", 9800, 60, 6),
    ("Server", "Hewlett Packard Enterprise", "ProLiant DL380 Gen11", "P52534-B21", 8900, 36, 6),
    ("Network", "Cisco", "Catalyst 9200L-24P", "C9200L-24P-4G-E", 2450, 60, 5),
    ("Network", "Cisco", "Catalyst 9300-48P", "C9300-48P-A", 6900, 60, 6),
    ("Network", "Fortinet", "FortiGate 100F", "FG-100F", 3400, 36, 3),
    ("Network", "Hewlett Packard Enterprise", "Aruba AP-535", "JZ336A", 780, 60, 4),
]
