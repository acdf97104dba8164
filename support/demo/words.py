"""The names of the made-up people, departments and places."""

FIRST = (  # noqa: SIM905 - a wall of quotes is no easier to read
    "Adele Alma Anton Arne Astrid Bela Birte Bruno Carla Clemens Dana David Edda Elias Emil Enno "
    "Eva Fabian Felix Finn Freya Georg Greta Hanna Hugo Ida Ivo Jakob Jana Johan Julia Kaja Karl "
    "Klara Lars Lea Leo Lina Louis Luca Luise Magda Malte Marie Mats Mia Mira Nils Nina Noah Olga "
    "Oskar Paula Pavel Pia Rafael Rosa Ruben Samira Selma Simon Sofia Stella Sven Thea Theo Tilda "
    "Timo Ulla Valentin Vera Viktor Wanda Willem Yara Zoe"
).split()
LAST = (  # noqa: SIM905 - the same
    "Ahrens Albers Arnold Bachmann Barth Becker Behrens Berg Blum Brandt Busch Cordes Dahl Decker "
    "Dorn Ebert Eggers Engel Falk Fink Frank Geiger Gerlach Graf Gruber Haas Hagen Hahn Hansen "
    "Heinrich Hess Holm Horn Huber Jansen Keller Kern Klein Koch Kraus Kuhn Lange Lehmann Lorenz "
    "Maurer Meissner Moser Nagel Neumann Olsen Otto Petersen Pohl Rabe Reich Reuter Roth Sauer "
    "Schade Seidel Sommer Stein Thiel Ulrich Unger Voss Wagner Weber Winter Wolf Ziegler Zimmer"
).split()

# name, cost centre, share of the people, titles
DEPARTMENTS = [
    ("Management", "1000", 3, ["Assistant to the board", "Project manager"]),
    ("Finance", "1100", 9, ["Accountant", "Payroll clerk", "Controller"]),
    ("Human resources", "1200", 6, ["HR partner", "Recruiter"]),
    ("Information technology", "1300", 11, ["IT engineer", "Network engineer", "Developer"]),
    ("Purchasing", "1400", 7, ["Buyer", "Strategic buyer"]),
    ("Engineering", "2000", 34, ["Design engineer", "Test engineer", "Firmware developer"]),
    ("Quality", "2100", 14, ["Quality engineer", "Calibration technician"]),
    ("Production", "3000", 46, ["Shift leader", "Assembler", "Process technician"]),
    ("Logistics", "3100", 16, ["Dispatcher", "Warehouse clerk"]),
    ("Sales", "4000", 26, ["Account manager", "Sales representative"]),
    ("Marketing", "4100", 9, ["Content editor", "Event manager"]),
    ("Customer service", "4200", 16, ["Service technician", "Application specialist"]),
]

# name, kind, parent; a parent stands before its places
PLACES = [
    ("Hamburg", "site", ""),
    ("Lyon", "site", ""),
    ("Main building", "building", "Hamburg"),
    ("Works", "building", "Hamburg"),
    ("Bureau", "building", "Lyon"),
    ("Ground floor", "floor", "Hamburg / Main building"),
    ("First floor", "floor", "Hamburg / Main building"),
    ("Second floor", "floor", "Hamburg / Main building"),
    ("Assembly", "floor", "Hamburg / Works"),
    ("Test bay", "floor", "Hamburg / Works"),
    ("Open space", "floor", "Lyon / Bureau"),
    ("IT store", "store", "Hamburg / Main building / Ground floor"),
    ("Store", "store", "Lyon / Bureau"),
    ("Server room", "room", "Hamburg / Main building / Ground floor"),
    ("Comms room", "room", "Lyon / Bureau"),
    ("Rack A", "rack", "Hamburg / Main building / Ground floor / Server room"),
    ("Rack B", "rack", "Hamburg / Main building / Ground floor / Server room"),
]
IT_STORE = "Hamburg / Main building / Ground floor / IT store"
LYON_STORE = "Lyon / Bureau / Store"
RACKS = [
    "Hamburg / Main building / Ground floor / Server room / Rack A",
    "Hamburg / Main building / Ground floor / Server room / Rack B",
]
OFFICES = [
    "Hamburg / Main building / Ground floor",
    "Hamburg / Main building / First floor",
    "Hamburg / Main building / Second floor",
    "Hamburg / Works / Assembly",
    "Hamburg / Works / Test bay",
    "Lyon / Bureau / Open space",
]
